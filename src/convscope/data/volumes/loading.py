"""From a listing of volumes with masks to a data set: whole volumes in splits, or slabs of few."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from convscope.data.columns import Ragged
from convscope.data.dataset import Dataset, Notice, Split
from convscope.data.fingerprint import content_of, fingerprint
from convscope.data.ingest.build import Progress, unreadable
from convscope.data.learned import mask_values_said
from convscope.data.listing import Listing, Masks
from convscope.data.masks import MaskRule, MasksRead, read_masks
from convscope.data.options import LoadOptions
from convscope.data.sources.files import FileImages, strings
from convscope.data.split_file import read_rows
from convscope.data.transforms import VolumeTransform
from convscope.data.volumes.files import Spacing
from convscope.data.volumes.parts import part_size
from convscope.data.volumes.slabs import END, Slab, cut_slabs, slab_column
from convscope.data.volumes.slices import SliceImages
from convscope.data.volumes.split_slabs import names_slices, slabs_of_file
from convscope.data.volumes.store import VolumeEntry, volume_entry
from convscope.errors import ConfigError, DataError
from convscope.text import count

FEWEST = 3  # volumes that are divided as wholes; fewer are cut
AT_ONCE = 1 << 22  # numbers of which the mean is taken at a time

Divide = Callable[[Listing, np.ndarray, LoadOptions], tuple[np.ndarray, str]]


@dataclass(frozen=True, eq=False)
class _Read:
    """Volumes and their masks as they lie in the cache, and the ``good`` rows that can be used, (n,)."""

    entry: VolumeEntry
    masks: MasksRead
    good: np.ndarray
    notices: tuple[Notice, ...]


def load_volumes(
    source: str | Path, listing: Listing, options: LoadOptions, root: Path, progress: Progress, divide: Divide
) -> Dataset:
    """Return the volumes of a listing as a data set; ``divide`` draws splits of whole volumes.

    Raises as ``loading.load``.
    """
    read = _read(listing, options, root, progress)
    slabs, rule = _slabs(listing, read, options, divide)
    columns, ids, content = _columns(listing, read, slabs)
    volumes, masks = columns["volume"], columns[read.masks.spec.name]
    split = np.array([slab.split for slab in slabs])
    rows = {name: np.flatnonzero(split == name) for name in ("train", "valid", "test")}
    rows["all"] = np.flatnonzero(split != "")
    spacing = spacing_of(options.spacing) or read.entry.spacing
    mean, std = _moments(volumes, rows["train"])
    part = part_size(volumes.shapes[rows["train"], :3], spacing, _side(options))
    transform = VolumeTransform(volumes.shapes[0, 3].item(), part, volumes.spec.dtype, mean, std, spacing)  # pyright: ignore[reportArgumentType]
    used = rows["all"]
    known = _Examples(masks, used)
    return Dataset(
        name=listing.name,
        source=str(source),
        columns=dict(columns),
        inputs=("volume",),
        targets=(masks.spec.name,),
        rows=rows,
        ids=ids,
        groups=None if listing.groups is None else listing.groups[[slab.volume for slab in slabs]],
        transforms={"volume": transform},
        fingerprint=fingerprint(masks.spec.names, content[used], content_of(known), split[used]),
        facts=_facts(source, listing, read, transform, rows, rule),
        warnings=(*listing.notices, *read.notices, *read.masks.notices),
        cache=read.entry.folder,
        decoding=read.entry.seconds,
        options=options.to_settings(),
        masks=read.masks.meaning,
    )


def load_labelled_volumes(
    source: str | Path,
    listing: Listing,
    options: LoadOptions,
    root: Path,
    progress: Progress,
    rule: MaskRule | None = None,
) -> tuple[Split, np.ndarray, tuple[Notice, ...]]:
    """Return the whole volumes of a listing as one split, the split (n,) given to each, and what is to be told.

    Masks are read by the ``rule`` of training, if it holds.
    """
    read = _read(listing, options, root, progress, rule)
    name = read.masks.spec.name
    data = Dataset(
        listing.name, str(source), {"volume": read.entry.column, name: read.masks.column}, ("volume",), (name,),
        {"all": read.good}, listing.ids, listing.groups, masks=read.masks.meaning,
    )  # fmt: skip
    return data.everything, listing.split[read.good], (*listing.notices, *read.notices, *read.masks.notices)


def spacing_of(text: str | None) -> Spacing | None:
    """Return the spacing that a user gives as three numbers, of depth, height and width.

    >>> spacing_of("50,4,4")
    (50.0, 4.0, 4.0)

    Raises:
        ConfigError: anything but three numbers above 0.
    """
    if text is None:
        return None
    try:
        steps = [float(part) for part in text.replace(",", " ").split()]
    except ValueError:
        steps = []
    if len(steps) != 3 or not all(0 < step < float("inf") for step in steps):
        raise ConfigError(
            f"--spacing {text}: expected three numbers above 0, the distances of voxels along depth, height and width, "
            "such as 50,4,4"
        )
    return steps[0], steps[1], steps[2]


def _read(
    listing: Listing, options: LoadOptions, root: Path, progress: Progress, rule: MaskRule | None = None
) -> _Read:
    images, target = listing.images, listing.target
    assert isinstance(images, FileImages | SliceImages) and isinstance(target, Masks)
    spacing_of(options.spacing)  # a wrong one is told before anything is decoded
    entry = volume_entry(images, root, options.max_pixels, progress)
    if entry.bad and not (options.skip_bad and len(entry.bad) < len(images)):
        raise unreadable(listing.ids, entry.bad)
    masks = read_masks(target, entry.sizes, options, root, options.processes, progress, rule=rule)
    good = np.delete(np.arange(len(images)), sorted({*entry.bad, *masks.bad}))
    notices = []
    if entry.bad:
        bad = tuple(f"{listing.ids[row]}: {why}" for row, why in sorted(entry.bad.items()))
        text = f"{len(bad):,} of {count(len(images), 'volume')} cannot be read; left out"
        notices.append(Notice("unreadable", text, bad))
    return _Read(entry, masks, good, tuple(notices))


def _slabs(listing: Listing, read: _Read, options: LoadOptions, divide: Divide) -> tuple[list[Slab], str]:
    """Return the parts of volumes that are the examples, in the order of the volumes, and the rule of the splits."""
    depths = read.entry.index["depth"].tolist()
    good = read.good.tolist()
    given = listing.split[read.good]
    unused = {v: [Slab(v, 0, END, "")] for v in range(len(depths))}  # of which volume or mask may be empty
    if options.split_file is not None and names_slices(rows := read_rows(options.split_file), listing.ids):
        _refuse_folds(options, "volumes whose slices --split-file divides")
        of_good, rule = slabs_of_file(options.split_file, rows, listing.ids, {v: depths[v] for v in good})
        return [slab for v in range(len(depths)) for slab in (unused | of_good)[v]], rule
    whole = len(good) >= FEWEST or options.split_file is not None or {"train", "valid", "test"} <= set(given.tolist())
    if whole:
        split, rule = divide(listing, read.good, options)
        of_good = {v: [Slab(v, 0, depths[v], name)] for v, name in zip(good, split.tolist(), strict=True)}
    else:
        _refuse_folds(options, count(len(good), "volume"))
        cut, rule = cut_slabs([depths[v] for v in good], given.tolist(), options.valid, options.test)
        of_good = {v: [replace(s, volume=v) for s in cut if good[s.volume] == v] for v in good}
    return [slab for v in range(len(depths)) for slab in (unused | of_good)[v]], rule


def _refuse_folds(options: LoadOptions, which: str) -> None:
    for name in ("folds", "resample"):
        if getattr(options, name):
            raise ConfigError(f"--{name}: {which} cannot be divided so; give {FEWEST} whole volumes or more")


def _columns(listing: Listing, read: _Read, slabs: list[Slab]) -> tuple[dict[str, Ragged], np.ndarray, np.ndarray]:
    """Return the columns of the examples, what each is called, and a hash (n, 16) of each one's whole volume."""
    volumes = slab_column(read.entry.column, slabs)
    masks = slab_column(read.masks.column, slabs)
    names = [str(name) for name in listing.ids.tolist()]
    depths = read.entry.index["depth"].tolist()
    ids = [
        names[s.volume] if s.last - s.first == depths[s.volume] or not s.split else s.named(names[s.volume])
        for s in slabs
    ]
    content = read.entry.index["content"][[slab.volume for slab in slabs]]
    return {"volume": replace(volumes, content=content), masks.spec.name: masks}, strings(ids), content


class _Examples(list[np.ndarray]):
    """Some examples of a column, as they lie there."""

    def __init__(self, column: Ragged, rows: np.ndarray):
        super().__init__(
            column.values[column.offsets[row] : column.offsets[row + 1]].reshape(column.shapes[row])
            for row in rows.tolist()
        )


def _side(options: LoadOptions) -> int | None:
    """Return the height and width of parts that the user asks for, if any."""
    if options.img_size is None or isinstance(options.img_size, int):
        return options.img_size
    if options.img_size[0] != options.img_size[1]:
        raise ConfigError(f"--img-size: parts of volumes are as high as wide; give one number, not {options.img_size}")
    return options.img_size[0]


def _moments(column: Ragged, rows: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel of some volumes; a constant channel gets 1."""
    channels = int(column.shapes[0, 3])
    number, total, squares = 0, np.zeros(channels), np.zeros(channels)
    step = AT_ONCE // channels * channels
    for row in rows.tolist():
        for begin in range(int(column.offsets[row]), int(column.offsets[row + 1]), step):
            end = min(begin + step, int(column.offsets[row + 1]))
            values = column.values[begin:end].reshape(-1, channels).astype(np.float64)
            number, total, squares = number + len(values), total + values.sum(0), squares + (values**2).sum(0)
    if not number:
        raise DataError("no volume to train on; name one in the split train")
    mean = total / number
    std = np.sqrt(np.maximum(squares / number - mean**2, 0))
    std[std <= 1e-6 * np.abs(mean)] = 1
    std[std == 0] = 1
    return tuple(mean.tolist()), tuple(std.tolist())


def _facts(
    source: str | Path, listing: Listing, read: _Read, transform: VolumeTransform, rows: dict[str, np.ndarray],
    rule: str,
) -> dict[str, str]:  # fmt: skip
    """Return what was found and decided, in the order to print it."""
    entry, index = read.entry, read.entry.index[read.good]
    size = entry.column.values.nbytes / 1e6
    came = f"from the cache (decoded earlier in {entry.seconds:.1f} s)"
    part = " × ".join(map(str, transform.part))
    scale = " ".join(f"{m:.4g}/{s:.4g}" for m, s in zip(transform.mean, transform.std, strict=True))
    present = [name for name in ("train", "valid", "test") if len(rows[name])]
    return {
        "found": f"{source}: {listing.kind}",
        "volumes": f"{len(index):,}, {_sizes(index)} × {transform.channels} {transform.dtype}",
        "spacing": _spacing_said(transform.spacing),
        "stored": f"{transform.dtype}, raw values {index['low'].min():g}..{index['high'].max():g}, {size:,.1f} MB, "
        + (came if entry.hit else f"decoded in {entry.seconds:.1f} s"),
        "sizing": f"each volume keeps its size; trained on parts of {part}",
        "splits": f"{', '.join(f'{name} {len(rows[name]):,}' for name in present)} ({rule})",
        **read.masks.facts,
        "mask values": mask_values_said(read.masks.table),
        "normalisation": f"mean/standard deviation of the train split, in raw units: {scale}",
    }


def _sizes(index: np.ndarray) -> str:
    """Say depth × height × width, and from where to where they go."""
    sides = [np.unique(index[axis]) for axis in ("depth", "height", "width")]
    return " × ".join(f"{s[0]}" if len(s) == 1 else f"{s[0]}..{s[-1]}" for s in sides)


def _spacing_said(spacing: Spacing | None) -> str:
    if spacing is None:
        return "not known, taken as the same along all axes (say it with --spacing depth,height,width)"
    apart = spacing[0] / min(spacing[1:])
    return f"{' × '.join(f'{step:g}' for step in spacing)} (slices {apart:.3g} times as far apart as pixels)"
