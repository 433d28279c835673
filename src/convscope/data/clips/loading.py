"""From a listing of clips or whole volumes to a data set: so many frames of each, of one size, in splits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from convscope.data import checks
from convscope.data.clips.sampling import MOST, usual
from convscope.data.clips.stacks import WORDS, Form, Stacks
from convscope.data.columns import InMemory
from convscope.data.columns.framed import Framed
from convscope.data.dataset import Dataset, Notice, Split
from convscope.data.description import groups_said, learned_said, splits_said
from convscope.data.examined import Examined
from convscope.data.fingerprint import fingerprint
from convscope.data.image_loading import Divide
from convscope.data.ingest import store as caching
from convscope.data.ingest.build import Progress, Size, unreadable
from convscope.data.ingest.pool import Bad
from convscope.data.ingest.stats import moments
from convscope.data.listing import Listing, Target
from convscope.data.options import LoadOptions
from convscope.data.sources.arrays import ArrayImages
from convscope.data.sources.files import FileImages
from convscope.data.transforms import ClipTransform, StackTransform
from convscope.data.transforms.resize import Fit
from convscope.errors import ConfigError
from convscope.text import count

SIDE = 112  # of frames that are larger: what published networks for clips see, and a CPU trains on
SPLITS = ("train", "valid", "test")
FEW = 1_000  # training clips


@dataclass(frozen=True, eq=False)
class _Read:
    """Clips as they lie in the cache: the ``rows`` (k,) of the listing, and which positions of these are ``usable``.

    ``lengths`` (k,) are how many frames each has before some are chosen.
    """

    column: Framed
    entry: caching.Entry
    rows: np.ndarray
    usable: np.ndarray
    lengths: np.ndarray
    notices: tuple[Notice, ...]

    @property
    def good(self) -> np.ndarray:
        """The rows of the listing that can be used."""
        return self.rows[self.usable]


def load_clips(
    source: str | Path, listing: Listing, options: LoadOptions, root: Path, progress: Progress, divide: Divide
) -> Dataset:
    """Return the clips of a listing as a data set; ``divide`` draws the splits.

    Raises as ``loading.load``.
    """
    stacks = listing.images
    assert isinstance(stacks, Stacks)
    read = _read(listing, options.frames, _size(options, stacks), options, root, progress)
    split, rule = divide(listing, read.good, options)
    data = _dataset(source, listing, read)
    rows = {name: read.usable[split == name] for name in SPLITS} | {"all": read.usable}
    transform = _transform(read, rows["train"])
    learned, groups = data.columns[data.targets[0]], data.groups
    target = listing.target[read.good]
    assert isinstance(target, Target)
    examined = Examined(
        data.ids[read.usable], listing.labels[read.good], listing.classes, split,
        None if groups is None else groups[read.usable], read.column.content[read.usable],
        noun=WORDS[stacks.form][0],
    )  # fmt: skip
    return replace(
        data,
        rows=rows,
        transforms={data.inputs[0]: transform},
        fingerprint=fingerprint(learned.spec.names, examined.content, target.values, split),
        facts={
            "found": f"{source}: {listing.kind}",
            **_said(read, transform),
            "splits": splits_said(examined, rule),
            **groups_said(examined),
            **learned_said(target, examined),
            "normalisation": _scale_said(transform),
        },
        warnings=(*listing.notices, *read.notices, *_few(stacks, rows["train"]), *checks.run(examined)),
        cache=read.entry.folder,
        decoding=read.entry.seconds,
        options=options.to_settings(),
    )


def load_labelled_clips(
    source: str | Path, listing: Listing, rule: ClipTransform, options: LoadOptions, root: Path, progress: Progress
) -> tuple[Split, np.ndarray, tuple[Notice, ...]]:
    """Return all clips of a listing as one split, as ``rule`` sees them, the split (n,) given to each, and notices."""
    frame = rule.frame
    alpha = frame.channels in (2, 4)
    size = Size((frame.height, frame.width), frame.fit, options.max_pixels, nodata=frame.nodata, alpha=alpha)
    read = _read(listing, rule.frames, size, options, root, progress)
    data = _dataset(source, listing, read)
    return data.everything, listing.split[read.good], (*listing.notices, *read.notices)


def _dataset(source: str | Path, listing: Listing, read: _Read) -> Dataset:
    """Return the clips that were read, not divided."""
    target = listing.target[read.rows]
    assert isinstance(target, Target)
    name = read.column.spec.name
    return Dataset(
        listing.name, str(source), {name: read.column, target.spec.name: InMemory(target.spec, target.values)},
        (name,), (target.spec.name,), {"all": read.usable}, listing.ids[read.rows],
        None if listing.groups is None else listing.groups[read.rows],
    )  # fmt: skip


def _size(options: LoadOptions, stacks: Stacks) -> Size:
    nodata = () if options.nodata is None else (options.nodata,)
    fit: Fit = "crop" if options.fit == "auto" else options.fit
    if fit == "keep":
        raise ConfigError(f"--fit keep: {WORDS[stacks.form][1]}s are brought to one size; choose another")
    return Size(options.img_size, fit, options.max_pixels, min(SIDE, options.side), nodata, options.alpha)


def _read(
    listing: Listing, frames: int | None, size: Size, options: LoadOptions, root: Path, progress: Progress
) -> _Read:
    stacks = listing.images
    assert isinstance(stacks, Stacks)
    noun, word = WORDS[stacks.form]
    if frames is not None and frames < 2:
        raise ConfigError(f"--frames {frames}: expected 2 or more, since one {word} is an image")
    lengths, bad = stacks.lengths(progress)
    for row in np.flatnonzero(lengths == 1).tolist():
        bad[row] = f"holds one {word}; a {noun} has two or more"
    _refuse(listing, bad, options, noun)
    rows = np.delete(np.arange(len(stacks)), list(bad))
    wanted = frames or usual(lengths[rows])
    images = stacks.images(rows, lengths, wanted)
    entry = caching.entry(images, size, root, options.processes, progress)
    broken = _broken(entry, images, len(rows), wanted, word)
    bad |= {int(rows[at]): why for at, why in broken.items()}
    _refuse(listing, bad, options, noun)
    usable = np.delete(np.arange(len(rows)), list(broken))
    column = Framed(stacks.form, entry.images, wanted, _content(entry.index["content"], wanted))
    notices = (*_left_out(listing, bad, noun), *_repeated(listing, rows, lengths[rows], wanted, stacks.form))
    return _Read(column, entry, rows, usable, lengths[rows], notices)


def _refuse(listing: Listing, bad: Bad, options: LoadOptions, noun: str) -> None:
    """Raise ``DataError`` for clips that cannot be read, unless they may be left out and some are left."""
    if bad and not (options.skip_bad and len(bad) < len(listing.ids)):
        raise unreadable(listing.ids, bad, noun)


def _broken(entry: caching.Entry, images: FileImages | ArrayImages, count: int, frames: int, word: str) -> Bad:
    """Return which clips cannot be used, by their positions, and why: a frame is damaged, or of another size."""
    broken: Bad = {}
    names = (
        images.names.tolist()
        if isinstance(images, FileImages)
        else [f"{word} {k % frames}" for k in range(len(images))]
    )
    for at, why in sorted(entry.bad.items()):
        broken.setdefault(at // frames, f"{names[at]}: {why}")
    sizes = np.stack([entry.index["height"], entry.index["width"]], axis=1).reshape(count, frames, 2)
    for at in np.flatnonzero((sizes != sizes[:, :1]).any(axis=(1, 2))).tolist():
        other = int(np.flatnonzero((sizes[at] != sizes[at, 0]).any(axis=1))[0])
        first, said = (" × ".join(map(str, size)) for size in (sizes[at, 0].tolist(), sizes[at, other].tolist()))
        why = f"{names[at * frames + other]} is {said}, its first {word} {first}; save the {word}s in one size"
        broken.setdefault(at, why)
    return broken


def _content(of_frames: np.ndarray, frames: int) -> np.ndarray:
    """Return a hash (n, 16) of each clip from those of its frames (n · T, 16)."""
    joined = of_frames.reshape(-1, frames * 16)
    hashes = b"".join(hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in joined)
    return np.frombuffer(hashes, np.uint8).reshape(-1, 16)


def _transform(read: _Read, train: np.ndarray) -> ClipTransform:
    """Return the rule for clips, standardised by the frames of the clips ``train``."""
    frames = (train[:, None] * read.column.frames + np.arange(read.column.frames)).ravel()
    rule = read.entry.rule
    mean, std = moments(read.entry.index[frames], np.full(len(frames), rule.height * rule.width))
    kind = ClipTransform if read.column.kind == "video" else StackTransform
    return kind(read.column.frames, replace(rule, mean=mean, std=std))


def _left_out(listing: Listing, bad: Bad, noun: str) -> tuple[Notice, ...]:
    if not bad:
        return ()
    told = tuple(f"{listing.ids[row]}: {why}" for row, why in sorted(bad.items()))
    return (Notice("unreadable", f"{len(bad):,} of {count(len(listing.ids), noun)} cannot be read; left out", told),)


def _repeated(listing: Listing, rows: np.ndarray, lengths: np.ndarray, wanted: int, form: Form) -> tuple[Notice, ...]:
    """Say which clips have fewer frames than are seen."""
    short = np.flatnonzero(lengths < wanted)
    if not len(short):
        return ()
    noun, word = WORDS[form]
    text = (
        f"{count(len(short), noun)} with fewer than {wanted} {word}s ({lengths[short].min()} the least): some of them "
        "are seen twice"
    )
    return (Notice("short-clips", text, tuple(listing.ids[rows[short[:20]]].tolist())),)


def _few(stacks: Stacks, train: np.ndarray) -> tuple[Notice, ...]:
    """Say of few clips what is known of learning from so few."""
    if stacks.form != "video" or len(train) >= FEW:
        return ()
    text = (
        f"{len(train):,} training clips are few for kernels over time: on UCF-101 such networks, learned from scratch, "
        "name 41 to 44 % of 101 actions (Tran et al. 2017); a network of images under --pretrained begins further on "
        "(frame_average, frame_gru, resnet3d_mini)"
    )
    return (Notice("few-clips", text),)


def _said(read: _Read, transform: ClipTransform) -> dict[str, str]:
    """Say how many clips there are, how long, and which frames are seen at which size."""
    noun, word = WORDS[read.column.kind]
    lengths, entry, wanted = read.lengths[read.usable], read.entry, transform.frames
    low, high = lengths.min(), lengths.max()
    span = f"{low:,}" if low == high else f"{low:,} to {high:,}, {int(np.median(lengths)):,} in the middle"
    frame = transform.frame
    seen = f"all {wanted} {word}s" if low == high == wanted else f"{wanted} {word}s at even distances of each {noun}"
    why = f"; say how many with --frames (at most {MOST} unless asked)" if high > wanted else ""
    size = len(entry.images) * frame.height * frame.width * frame.channels * np.dtype(frame.dtype).itemsize / 1e6
    came = f"from the cache (decoded earlier in {entry.seconds:.1f} s)" if entry.hit else f"in {entry.seconds:.1f} s"
    values = entry.index[entry.index["height"] > 0]
    span_of_values = f"{values['low'].min():g}..{values['high'].max():g}"
    return {
        f"{noun}s": f"{len(lengths):,}, {span} {word}s",
        "seen": f"{seen}, {frame.height} × {frame.width} × {frame.channels}{why}",
        "stored": f"{frame.dtype}, raw values {span_of_values}, {size:,.1f} MB, {came}",
        "sizing": entry.why.replace("images", f"{word}s").replace("image", word),
    }


def _scale_said(transform: ClipTransform) -> str:
    scale = " ".join(f"{mean:.4g}/{std:.4g}" for mean, std in zip(transform.mean, transform.std, strict=True))
    return f"mean/standard deviation of the train split, in raw units: {scale}"
