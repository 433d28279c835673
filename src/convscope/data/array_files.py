"""Examples that are no images, in files of NumPy or of text: signals to be answered, and sets of them to be scored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from convscope.data.arrays import column_of
from convscope.data.columns import InMemory
from convscope.data.dataset import Dataset, Split
from convscope.data.decode.encoded import Unreadable
from convscope.data.decode.wav import read_wav, resampled
from convscope.data.finding import other_columns
from convscope.data.image_files import Held, array_in, example_arrays
from convscope.data.listing import Listing, Target
from convscope.data.notice import Notice
from convscope.data.options import LoadOptions
from convscope.data.sources import npz
from convscope.data.sources.signals_in_file import signals_in
from convscope.data.spec import TargetSpec, names_of
from convscope.data.transforms import SignalRule, Transform
from convscope.errors import DataError
from convscope.text import listed

ENDINGS = (".npy", ".npz")


def in_array_file(path: Path, rule: Transform) -> Iterable[Held]:
    """Return the examples of a file of NumPy, or of those in a folder, for a network that takes no images.

    An archive holds (n, steps), (n, steps, channels) or (n, channels, steps) as x, x_test, ...; a ``.npy`` file that,
    or one example. ``DataError`` for what is no such file, and for an archive without examples.
    """
    if path.is_dir():
        files = sorted(
            each for each in path.rglob("*") if each.suffix.lower() in (*ENDINGS, ".wav", ".csv") and each.is_file()
        )
        if not files:
            raise DataError(f"{path} holds no {rule.kind} ({' or '.join(ENDINGS)})")
        return [example for file in files for example in in_array_file(file, rule)]
    if not path.exists():
        raise DataError(f"there is no file or folder {path}")
    if isinstance(rule, SignalRule) and path.suffix.lower() == ".wav":
        return [Held(str(path), lambda: _recording(path, rule))]
    if (
        isinstance(rule, SignalRule)
        and (signals := signals_in(path, rule.channels, rule.length, fill=rule.fill)) is not None
    ):
        return [
            Held(f"{path}/{row}" if row else str(path), _of_text(signal, rate, rule), note)
            for row, signal, rate, note in signals
        ]
    if path.suffix.lower() not in ENDINGS:
        raise DataError(
            f"{path}: this network takes {rule.kind}s, which are read from .npy, .npz, .ts or .arff files, or text of "
            "numbers"
        )
    axes = len(rule.input.space) + 1
    if path.suffix.lower() == ".npz":
        names = example_arrays(path, (axes, axes + 1), f"{rule.kind}s as x, x_test ... ({rule.kind}s, steps)")
        return [
            Held(f"{path}/{name}/{at}", lambda example=example: steps_first(example, rule))
            for name in names
            for at, example in enumerate(array_in(path, name))
        ]
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        return [Held(str(path), _unreadable(f"cannot be read as an array ({error})"))]
    if values.ndim > axes or (values.ndim == axes and rule.input.channels not in values.shape):
        return [
            Held(f"{path}/{at}", lambda example=example: steps_first(example, rule))
            for at, example in enumerate(values)
        ]
    return [Held(str(path), lambda: steps_first(values, rule))]


def load_examples(
    path: Path, rule: Transform, target: TargetSpec, options: LoadOptions, *, inherited: frozenset[str] = frozenset()
) -> tuple[Split, np.ndarray, tuple[Notice, ...]]:
    """Load every example of an ``.npz`` with its target, undivided: to be scored, not trained on.

    Returns what ``loading.load_labelled`` does for images. Numbers without names are those of the ``target``, in their
    order. An archive has no place for units: numbers are taken to be in those of the ``target``.
    """
    if not path.exists():
        raise DataError(f"there is no file {path}")
    columns = replace(options.columns, optional=inherited)
    listing = npz.read(path, columns, lambda shape: npz.Layout(shape, lambda block: block, f"{rule.kind}s"))
    stored, bad = _stored(listing, rule)
    if bad and not (options.skip_bad and stored):
        first = [f"{listing.ids[at]} {why}" for at, why in bad.items()]
        raise DataError(
            f"{path}: {len(bad):,} of {len(listing.ids):,} {rule.kind}s cannot be used: {listed(first)}; correct "
            "them, or leave them out with --skip-bad"
        )
    good = np.delete(np.arange(len(listing.ids)), list(bad))
    learned, told = _learned(listing, target)
    notices = (*other_columns(listing, columns), *listing.notices, *told)
    if bad:
        text = f"{len(bad):,} of {len(listing.ids):,} {rule.kind}s left out: {listed(map(str, listing.ids[list(bad)]))}"
        notices = (Notice("unreadable", text, tuple(map(str, listing.ids[list(bad)]))), *notices)
    column = column_of(rule.kind, stored)
    data = Dataset(
        name=listing.name,
        source=str(path),
        columns={column.spec.name: column, learned.spec.name: InMemory(learned.spec, learned.values[good])},
        inputs=(column.spec.name,),
        targets=(learned.spec.name,),
        rows={"all": np.arange(len(good))},
        ids=listing.ids[good],
        groups=None if listing.groups is None else listing.groups[good],
    )
    return data.everything, listing.split[good], notices


def steps_first(example: np.ndarray, rule: Transform) -> np.ndarray:
    """Return a signal (T,), (T, C) or (C, T) with its channels last, as far as their number tells."""
    channels = rule.input.channels
    if example.ndim == 2 and example.shape[1] != channels and example.shape[0] == channels:
        return example.T
    return example


def _stored(listing: Listing, rule: Transform) -> tuple[list[np.ndarray], dict[int, str]]:
    """Return the examples that can be used as a column holds them, and why each other one cannot."""
    stored: list[np.ndarray] = []
    bad: dict[int, str] = {}
    assert isinstance(listing.images, npz.ArrayImages)
    for at, example in enumerate(example for block in listing.images.blocks() for example in block):
        try:
            stored.append(rule.store(steps_first(example, rule)).values)
        except Unreadable as error:
            bad[at] = str(error)
    return stored, bad


def _learned(listing: Listing, target: TargetSpec) -> tuple[Target, tuple[Notice, ...]]:
    """Return an archive's targets without units, and with the names of what was learned where it has none."""
    if not isinstance(listing.target, Target):
        raise DataError(f"{listing.name}: y holds masks, where the network answers with {', '.join(names_of(target))}")
    mine, names = replace(listing.target, units=()), names_of(target)
    named = any(name.lower() in npz.CLASS_WORDS for name in listing.columns)
    if named or mine.kind == "class" or len(names) != len(mine.names):
        return mine, ()
    what = f"the columns of y are taken for {listed(names)}, in this order"
    return replace(mine, names=names), (Notice("unnamed-targets", what, names),) if len(names) > 1 else ()


def _recording(path: Path, rule: SignalRule) -> np.ndarray:
    values, rate = read_wav(path.read_bytes())
    return resampled(values, rate, rule.rate)


def _of_text(signal: np.ndarray | str, rate: float | None, rule: SignalRule) -> Callable[[], np.ndarray]:
    if isinstance(signal, str):
        return _unreadable(signal)
    return lambda: resampled(signal, rate, rule.rate)


def _unreadable(why: str) -> Callable[[], np.ndarray]:
    def read() -> np.ndarray:
        raise Unreadable(why)

    return read
