"""From a listing of signals to a data set: the column, its scale, splits and checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from convscope.data import checks
from convscope.data.checks import locality
from convscope.data.columns import InMemory, Ragged, Selected
from convscope.data.dataset import Dataset, Notice, Split
from convscope.data.decode.encoded import Unreadable
from convscope.data.decode.wav import resampled
from convscope.data.description import groups_said, learned_said, splits_said
from convscope.data.divide import UsualValid
from convscope.data.examined import Examined
from convscope.data.gaps import filled
from convscope.data.listing import Listing, Masks
from convscope.data.options import LoadOptions
from convscope.data.sequences import windows
from convscope.data.sequences.dataset import dataset_of, everything_of
from convscope.data.sequences.signals import Signals, constant_notices, lengths_said, signal_column
from convscope.data.transforms import LogMelTransform, SignalRule, SignalTransform
from convscope.errors import ConfigError, DataError
from convscope.text import count, listed

WHOLE, PIECE = 10.0, 4.0  # seconds of a recording that is seen whole as a spectrogram, and of a window else
MEASURED, BATCH = 2_000, 64  # windows that spectrograms are measured on, and at a time
FEW = 300  # signals below which each is needed to learn from, and a tenth of them would choose no epoch
Divide = Callable[[Listing, np.ndarray | slice, LoadOptions, UsualValid], tuple[np.ndarray, str]]


def load_signals(source: str | Path, listing: Listing, options: LoadOptions, divide: Divide) -> Dataset:
    """Return the signals of a listing as a data set; ``divide`` draws the splits."""
    listing = _filled(listing, options)
    signals, target = listing.images, listing.target
    assert isinstance(signals, Signals) and not isinstance(target, Masks)
    column = signal_column(signals.values)
    assert column.content is not None
    split, rule, rare = _divided(listing, options, divide)
    train = np.flatnonzero(split == "train")
    lengths = np.array([len(signal) for signal in signals.values])
    cut = _cut(source, lengths, options, signals.rate)
    transform = _rule(column, train, lengths, cut, signals.rate, options)
    examined = Examined(
        listing.ids, listing.labels, listing.classes, split, listing.groups, column.content, noun="signal"
    )
    scale = " ".join(f"{mean:.4g}/{std:.4g}" for mean, std in zip(transform.mean, transform.std, strict=True))
    units = "in raw units" if isinstance(transform, SignalTransform) else "of the logarithms"
    facts = {
        "found": f"{source}: {listing.kind}",
        "signals": lengths_said(signals.values),
        **_windows_said(transform, cut, lengths),
        "splits": splits_said(examined, rule),
        **groups_said(examined),
        **learned_said(target, examined),
        "normalisation": f"mean/standard deviation of each channel in the train split, {units}: {scale}",
    }
    warnings = (*listing.notices, *rare, *checks.run(examined), *constant_notices(signals, train))
    warnings += tuple(locality.check_signals(column, train))
    return dataset_of(source, listing, column, split, transform, facts=facts, warnings=warnings, options=options)


def _filled(listing: Listing, options: LoadOptions) -> Listing:
    """Return a listing of signals without gaps, and tell how many values were filled."""
    signals = listing.images
    assert isinstance(signals, Signals)
    if options.nodata is not None and not options.fills_gaps:
        raise ConfigError(
            f"--nodata {options.nodata:g}: in signals missing values are written as NaN or ?; write so in place of "
            f"{options.nodata:g}, and have them filled with --nodata nan"
        )
    lacking = [int(np.sum(~np.isfinite(signal))) for signal in signals.values]
    rows = [at for at, number in enumerate(lacking) if number]
    if not rows:
        return listing
    values, gaps = sum(signal.size for signal in signals.values), count(sum(lacking), "value")
    text = (
        f"{gaps} missing or infinite in {count(len(rows), 'signal')} ({sum(lacking) / values:.2%} "
        "of all values) filled by the line between their neighbours, as --nodata nan says"
    )
    told = Notice("filled", text, tuple(f"{signals.where[at]} ({lacking[at]:,})" for at in rows[:20]))
    whole = replace(signals, values=[filled(signal) for signal in signals.values])
    return replace(listing, images=whole, notices=(*listing.notices, told))


def _cut(source: str | Path, lengths: np.ndarray, options: LoadOptions, rate: float | None) -> windows.Cut | None:
    """Return how recordings are cut, ``None`` where they are seen whole; ``ConfigError`` where they cannot be so."""
    if options.as_ == "wave":
        return windows.cut_of(lengths, options.window, options.hop, rate)
    if rate is None:
        raise ConfigError(
            f"--as logmel: {source} does not say how many steps a second has, which pitches depend on; give WAV files, "
            "or times in seconds"
        )
    return windows.cut_of(
        lengths, options.window, options.hop, rate, long=round(WHOLE * rate), usual=round(PIECE * rate)
    )


def _rule(
    column: InMemory | Ragged, train: np.ndarray, lengths: np.ndarray, cut: windows.Cut | None, rate: float | None,
    options: LoadOptions,
) -> SignalRule:  # fmt: skip
    """Return what a network sees of signals, measured on the rows ``train``."""
    rule = replace(SignalTransform.fitted(column, train), rate=rate, fill=options.fills_gaps)
    if options.as_ == "logmel":
        cut = cut or windows.Cut(int(lengths.max()), int(lengths.max()))
        rule = replace(rule, length=None, window=cut.window, hop=cut.hop)
        pieces = windows.Windows.of(Selected(column, train), cut)
        measured = np.unique(np.linspace(0, len(pieces) - 1, MEASURED).astype(int))
        return LogMelTransform.fitted(rule, pieces.stream(np.array_split(measured, -(-len(measured) // BATCH))))
    if cut is None:
        return rule
    return replace(rule, length=cut.window if lengths.min() >= cut.window else None, window=cut.window, hop=cut.hop)


def _windows_said(rule: SignalRule, cut: windows.Cut | None, lengths: np.ndarray) -> dict[str, str]:
    """Say what a network sees of a recording, where that is not all of it as it is."""
    said = {} if cut is None else {"windows": windows.said(cut, lengths, rule.rate)}
    if isinstance(rule, LogMelTransform):
        assert rule.rate is not None and rule.window is not None
        bands, times = rule.input.space
        said["spectrogram"] = (
            f"{bands} mel bands up to {rule.rate / 2:,g} Hz × {times} times: the logarithm of the power in pieces of "
            f"{1e3 * rule.frame / rule.rate:.3g} ms, one every {1e3 * rule.step / rule.rate:.3g} ms; silence "
            f"behind what is shorter than {rule.window / rule.rate:.3g} s"
        )
    return said


def _divided(listing: Listing, options: LoadOptions, divide: Divide) -> tuple[np.ndarray, str, tuple[Notice, ...]]:
    """Return the split (n,) of each signal and its rule; a class with too few for each split is for training alone.

    Sets of signals have such classes often, and the others can be measured without them.
    """
    given = np.isin(listing.split, ("valid", "test"))
    needed = 2 if given.any() and not (options.folds or options.resample) else 3  # one for each split
    free = np.full(len(given), True) if needed == 3 else ~given
    counts = np.bincount(listing.labels[free], minlength=max(1, len(listing.classes)))
    rare = np.flatnonzero((counts > 0) & (counts < needed)) if listing.classes else np.array([], np.int64)

    def usual_valid(split: np.ndarray) -> int | None:
        return max(2, len(listing.target.names)) if (split != "test").sum() < FEW else None

    if not len(rare) or options.split_file is not None or listing.groups is not None:
        return *divide(listing, slice(None), options, usual_valid), ()
    pinned = np.isin(listing.labels, rare) & free
    split = np.full(len(given), "train", "<U5")
    split[~pinned], rule = divide(listing, np.flatnonzero(~pinned), options, usual_valid)
    named = [f"{listing.classes[at]}: {counts[at]}" for at in rare.tolist()]
    text = (
        f"{count(len(rare), 'class has', 'classes have')} too few signals for each split ({listed(named)}): they are "
        "for training alone, and nothing is measured of such a class; more signals of it help"
    )
    return split, rule, (Notice("rare-classes", text, tuple(named)),)


def load_labelled_signals(
    source: str | Path, listing: Listing, rule: SignalRule
) -> tuple[Split, np.ndarray, tuple[Notice, ...]]:
    """Return all signals of a listing as one split, the split (n,) given to each, and what is told.

    Raises ``DataError`` for a signal that ``rule`` does not take: of another length, or other channels.
    """
    signals = listing.images
    assert isinstance(signals, Signals)
    stored: list[np.ndarray] = []
    for signal, where in zip(signals.values, signals.where, strict=True):
        try:
            stored.append(rule.store(resampled(signal, signals.rate, rule.rate)).values)
        except Unreadable as error:
            raise DataError(f"{source}: row {where} {error}") from None
    column = signal_column(stored)
    if rule.window is None:
        column = replace(column, spec=replace(column.spec, shape=(rule.length, rule.channels)))
    return everything_of(source, listing, column), listing.split, listing.notices
