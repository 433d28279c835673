"""From the masks of a listing to the column that a network learns from, and what was found on the way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from convscope.data.columns.ragged import Ragged
from convscope.data.ingest.build import Progress
from convscope.data.ingest.pool import Bad
from convscope.data.listing import Masks
from convscope.data.masks import faults
from convscope.data.masks.another import rule_of_another
from convscope.data.masks.census import Census, census
from convscope.data.masks.converted import Damaged, UnknownValue, converted
from convscope.data.masks.kinds import Told, decide, kind_of
from convscope.data.masks.meaning import MaskMeaning, ValueRow, value_table
from convscope.data.masks.names import assign_names, ignored, parse_value, read_names
from convscope.data.masks.rule import VOID, MaskKind, MaskRule, value_text
from convscope.data.masks.store import raw_masks
from convscope.data.notice import Notice
from convscope.data.options import LoadOptions
from convscope.data.spec import FieldSpec
from convscope.errors import ConfigError, DataError
from convscope.text import count, listed

SHOWN = 20


@dataclass(frozen=True, eq=False)
class MasksRead:
    """The masks of a set in the form that a network learns from.

    ``column`` has one example a mask; those in ``bad`` are empty. ``pixels`` (n, K) are those of each class in each
    mask, of instances those of background and of objects; ``objects`` (n,) counts the objects, of other masks 0.
    """

    column: Ragged
    meaning: MaskMeaning
    pixels: np.ndarray
    objects: np.ndarray
    notices: tuple[Notice, ...]
    facts: dict[str, str]
    bad: Bad
    seconds: float

    @property
    def rule(self) -> MaskRule:
        """What each value means."""
        return self.meaning.rule

    @property
    def table(self) -> tuple[ValueRow, ...]:
        """What each value was taken for."""
        return self.meaning.table

    @property
    def spec(self) -> FieldSpec:
        """The column as a field of the data set."""
        return self.column.spec


def read_masks(
    masks: Masks,
    sizes: np.ndarray,
    options: LoadOptions,
    root: Path,
    processes: int,
    progress: Progress,
    *,
    rule: MaskRule | None = None,
) -> MasksRead:
    """Return the masks of n images as a column of classes (kind "mask") or objects ("instances").

    ``sizes`` (n, 2) are height and width of the images, upright, of volumes (n, 3) with their depth before; 0 where one
    cannot be read. ``root`` is the cache. With a ``rule`` the values mean what they mean there.

    Raises:
        DataError: masks that cannot be read or are of another size than their image (with ``skip_bad`` they are left
            out, and stand in ``bad``), with soft edges, of mixed kinds, with a value that is not told of, or of one
            value only.
        ConfigError: ``--ignore`` or ``--classes`` that fit nothing.
        Error: the cache cannot be written.
    """
    rule = None if masks.names and options.classes is None else rule
    raw = raw_masks(masks.reader, root, options.max_pixels, processes, progress)
    raw = raw if masks.rows is None else raw.some(masks.rows)
    names = masks.files
    bad = {**raw.bad, **faults.wrong_sizes(raw, sizes)}
    if "nan" not in map(str.strip, (options.ignore or "").lower().split(",")):
        bad = {**faults.not_finite(raw), **bad}
    if bad and not (options.skip_bad and len(bad) < len(names)):
        raise faults.unusable(names, bad)
    rows = np.delete(np.arange(len(names)), list(bad))
    kind = rule.kind if rule else _asked(masks, options)
    found = census(raw, names, rows, by_class=kind != "instances")
    by_source = bool(masks.objects or raw.classes)
    notices = list(_left_out(names, bad))
    rule = None if rule is None else rule_of_another(found, rule, by_source=by_source)
    if decided_here := rule is None:
        told = _told(masks, kind, found, raw.palette, options)
        rule, strays = _decided(found, told, names, raw.masks["distinct"])
        rule = replace(rule, palette=_palette(rule, raw.palette))
        notices += [*strays, *_not_held(found, told, rule)]
    elif rule.nearest and (stray := ~np.isin(found.values, rule.values)).any():
        faults.check_soft(found, stray, names, raw.masks["distinct"])
        notices.append(_strays(found, stray, names))
    try:
        column, pixels, objects = converted(raw, rule, rows, masks.name)
    except UnknownValue as unknown:
        raise _unknown(names[unknown.row], unknown.value, rule, colours=found.colours) from None
    except Damaged:
        shutil.rmtree(raw.folder)
        return read_masks(masks, sizes, options, root, processes, progress, rule=rule)
    if decided_here:
        _check_threshold(rule, pixels[rows], found)
    notices += _background_only(rule, pixels, names, rows)
    by_source = by_source and rule.kind == "instances"
    size = int(column.offsets[-1])
    meaning = MaskMeaning(rule, value_table(found, rule, pixels, objects[rows], size=size, by_source=by_source))
    return MasksRead(
        column, meaning, pixels, objects, tuple(notices), _facts(rule, objects, rows), bad, raw.seconds
    )  # fmt: skip


def _asked(masks: Masks, options: LoadOptions) -> MaskKind | None:
    """Return the kind that the user asks for, or the source brings, if any."""
    if options.mask != "auto":
        return options.mask
    if options.mask_threshold is not None:
        return "binary"
    return "instances" if masks.objects else None


def _of_indices(names: Mapping[float, str], found: Census, palette: bytes) -> Mapping[float, str]:
    """Return the names of a palette's indices, where the source names its colours."""
    if found.colours or not palette or not any(value > 255 for value in names):
        return names
    colours = np.frombuffer(palette, np.uint8).reshape(-1, 3).astype(np.int64) @ (1 << 16, 1 << 8, 1)
    return {float(k): names[colour] for k, colour in enumerate(colours.tolist()) if colour in names}


def _told(masks: Masks, kind: MaskKind | None, found: Census, palette: bytes, options: LoadOptions) -> Told:
    """Return what the user and the source say of the values."""
    names: Mapping[float, str] = _of_indices(masks.names, found, palette)
    source = "the names that come with the set"
    if options.classes is not None:
        listed_names = read_names(options.classes)
        void = [parse_value(part) for part in (options.ignore or "").split(",")]
        values = [v for v in found.values[~found.soft()].tolist() if v not in void]
        values = values if options.mask_threshold is None else [0, 1]
        names = assign_names(options.classes, listed_names, values)
        source = f"--classes {options.classes}"
    if masks.objects and kind == "classes" and len(names) < 2:
        raise ConfigError("--mask classes: the set tells objects and no classes of theirs; use instances or binary")
    if kind == "instances" and options.mask_threshold is not None:
        raise ConfigError("--mask-threshold: it makes masks binary; leave out --mask instances, or the threshold")
    return Told(
        kind, names, ignored(options.ignore, names), options.mask_threshold, source, objects=bool(masks.objects)
    )  # fmt: skip


def _decided(found: Census, told: Told, names: np.ndarray, distinct: np.ndarray) -> tuple[MaskRule, list[Notice]]:
    """Return what the values mean; stray ones, too few to be more than blemishes, are taken for the nearest."""
    if told.threshold is not None:
        if found.colours:
            raise ConfigError("--mask-threshold: the masks are colours, which have no order")
        return decide(found, told), []
    meant = {*told.names, *told.void} >= set(found.values.tolist())
    soft = found.soft()
    if meant or kind_of(found, told) == "instances" or not soft.any():
        return decide(found, told), []
    faults.check_soft(found, soft, names, distinct)
    return replace(decide(found.without(soft), told), nearest=True), [_strays(found, soft, names)]


def _strays(found: Census, stray: np.ndarray, names: np.ndarray) -> Notice:
    """Say which masks have pixels off the main values."""
    files = np.unique(found.row[stray[found.at]])
    text = (
        f"{count(int(found.pixels[stray].sum()), 'pixel')} in {count(len(files), 'mask')} "
        f"({listed(names[files].tolist(), 3)}) lie off the main values; each is taken for the nearest one"
    )
    return Notice("stray-values", text, tuple(names[files[:SHOWN]].tolist()))


def _not_held(found: Census, told: Told, rule: MaskRule) -> Iterator[Notice]:
    """Say what was told of values that no mask holds: a slip in the value, most often."""
    held = set(found.values.tolist())
    void = [value_text(v, colours=found.colours) for v in told.void if v == v and v not in held]
    if void:
        yield Notice("ignore-unused", f"--ignore: no mask holds {listed(void)}", tuple(void))
    if rule.kind != "binary" or rule.threshold is not None or len(told.names) > len(rule.names):
        return
    named = [
        f"{value_text(v, colours=found.colours)} ({name})" for v, name in told.names.items() if v not in rule.values
    ]
    if named:
        what = "whose name is" if len(named) == 1 else "whose names are"
        text = f"no mask holds {listed(named)}, {what} among {told.from_file}; the classes are {listed(rule.names)}"
        yield Notice("names-unused", text, tuple(named))


def _check_threshold(rule: MaskRule, pixels: np.ndarray, found: Census) -> None:
    """Refuse a threshold with every pixel (n, 2 classes) on one side of it, so that nothing is left to learn."""
    if rule.threshold is None or pixels.sum(0).all():
        return
    side = "nothing reaches it" if pixels[:, 0].any() else "everything reaches it"
    low, high = (value_text(v) for v in found.values[[0, -1]])
    raise DataError(f"--mask-threshold {rule.threshold:g}: {side}; the masks hold values from {low} to {high}")


def _palette(rule: MaskRule, palette: bytes) -> tuple[int, ...]:
    """Return the colour of each class, as the set shows it: that of its first value."""
    if rule.kind == "instances" or rule.threshold is not None or not (rule.colours or palette):
        return ()
    first = {number: int(value) for value, number in reversed(list(zip(rule.values, rule.classes, strict=True)))}
    values = [first[k] for k in range(len(rule.names)) if k in first]
    if rule.colours:
        return tuple(value & 0xFFFFFF for value in values)
    entries = [palette[3 * value : 3 * value + 3] for value in values]
    return tuple(int.from_bytes(entry, "big") for entry in entries) if all(entries) else ()


def _left_out(names: np.ndarray, bad: Bad) -> list[Notice]:
    if not bad:
        return []
    said = [f"{names[row]}: {why}" for row, why in sorted(bad.items())]
    return [Notice("bad-masks", f"{count(len(bad), 'mask')} left out ({listed(said, 3)})", tuple(said[:SHOWN]))]


def _unknown(name: str, value: float, rule: MaskRule, *, colours: bool) -> DataError:
    names = ["void" if number == VOID else rule.names[number] for number in rule.classes]
    known = [f"{value_text(v, colours=rule.colours)} {what}" for v, what in zip(rule.values, names, strict=True)]
    text = value_text(value, colours=colours)
    return DataError(
        f"{name}: the value {text} is none that this run has learned ({listed(known, 12)}); correct it, call it void "
        f"with --ignore {text}, or say what the values of this set mean with --classes"
    )


def _background_only(rule: MaskRule, pixels: np.ndarray, names: np.ndarray, rows: np.ndarray) -> list[Notice]:
    """Say which masks hold nothing but background."""
    held = pixels[rows]
    empty = rows[(held[:, 0] > 0) & (held[:, 1:] == 0).all(1)]
    if not len(empty):
        return []
    what = "no object" if rule.kind == "instances" else f"{rule.names[0]} only"
    text = f"{len(empty):,} of {count(len(rows), 'mask')} hold {what}; kept ({listed(names[empty].tolist(), 3)})"
    return [Notice("background-only", text, tuple(names[empty[:SHOWN]].tolist()))]


def _facts(rule: MaskRule, objects: np.ndarray, rows: np.ndarray) -> dict[str, str]:
    if rule.kind != "instances":
        return {"masks": f"{rule.kind}: {listed(rule.names, 12)}"}
    counts = objects[rows]
    middle = f"{np.median(counts):g} an image in the middle, {counts.max()} at most" if len(counts) else "none"
    return {"masks": f"instances: {count(int(counts.sum()), 'object')} ({middle})"}
