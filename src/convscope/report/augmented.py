"""Training images as augmentation makes them: to the bit what an epoch sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convscope.data.augment import Policy
from convscope.data.batch import Batch
from convscope.data.dataset import Data, Split
from convscope.data.loader import Loader
from convscope.data.patches import MASKS, Patches, patches_of
from convscope.data.sequences.windows import Windows, windowed
from convscope.data.spec import TargetSpec
from convscope.data.transforms import ClipTransform, LogMelTransform
from convscope.errors import ConfigError
from convscope.report.clips import laid_out
from convscope.report.contents import Augmented, Samples
from convscope.report.picture import check_name, write_picture
from convscope.report.section import evenly
from convscope.report.sequences.examples import examples
from convscope.report.text import shorten

MOST_IMAGES, MOST_COPIES = 100, 12  # rows and columns of a picture that can still be opened and looked at
LINES, WIDTH = 3, 20  # of what is written at an image that stands alone


def augmented(
    data: Data, policy: Policy, at: np.ndarray, *, seed: int, epochs: int, target: TargetSpec | None = None
) -> Augmented:
    """Return the training images at positions ``at`` (n,), and what the first ``epochs`` epochs make of them.

    Of recordings that are seen as spectrograms these are the images, of clips all frames in rows, of volumes the middle
    slices.
    ``target`` says of points which change places in a mirrored image. Raises ``ConfigError`` where the policy does not
    suit the images.
    """
    if (parts := patches_of(data.train, data.preprocessing, drawn=False)) is not None:
        return _of_parts(data, policy, parts, len(at), seed=seed, epochs=epochs)
    if isinstance(data.preprocessing, LogMelTransform):
        return _spectrograms(data, policy, at, seed=seed, epochs=epochs)
    becomes = getattr(target, "becomes", None)
    batches = Loader(data.train, data.transforms, len(at), seed=seed, policy=policy, becomes=becomes)
    seen = [batches.of(at, epoch) for epoch in range(epochs)]
    variants = np.stack([data.preprocessing.undo(batch.x) for batch in seen], 1)  # (n, epochs, H, W, C)
    if isinstance(data.preprocessing, ClipTransform):
        return Augmented(_in_rows(data, at), np.stack([laid_out(clips) for clips in np.moveaxis(variants, 1, 0)], 1))
    points, names = None, ()
    if data.target_kind == "points":
        names = data.columns[data.targets[0]].spec.names
        points = np.stack([data.train.placed_target[at], *(batch.targets[0].numpy() for batch in seen)], 1)
    return Augmented(data.train.images(at), np.moveaxis(variants, -1, -3), points, names)


def _in_rows(data: Data, at: np.ndarray) -> np.ndarray:
    """Return training clips at positions ``at`` as images (n, C, H, W)."""
    clips = data.train.input.take(at)
    assert isinstance(clips, np.ndarray)
    return laid_out(clips)


def _spectrograms(data: Data, policy: Policy, at: np.ndarray, *, seed: int, epochs: int) -> Augmented:
    """Return the pictures of the first windows of recordings, and what the first epochs make of them."""
    windows = windowed(data.train, data.preprocessing)
    column = windows.dataset.columns[windows.dataset.inputs[0]]
    first = np.searchsorted(column.at, at) if isinstance(column, Windows) else at
    plain, varied = (Loader(windows, data.transforms, len(at), seed=seed, policy=each) for each in (None, policy))
    seen = [data.preprocessing.undo(loader.of(first, epoch).x) for loader, epoch in
            [(plain, 0), *((varied, epoch) for epoch in range(epochs))]]  # fmt: skip
    first_seen, *later = (np.moveaxis(each, -1, 1) for each in seen)  # (n, C, bands, times)
    return Augmented(first_seen, np.stack(later, 1))


def _of_parts(data: Data, policy: Policy, parts: Patches, count: int, *, seed: int, epochs: int) -> Augmented:
    """Return ``count`` parts of training images, and what the first epochs make of them, their masks outlined.

    A training draws its parts at other places in each epoch; these stay, so that they can be compared.
    """
    at = np.linspace(0, len(parts) - 1, min(count, len(parts))).astype(int)
    plain, varied = (
        Loader(data.train, data.transforms, len(at), seed=seed, policy=each, patches=parts) for each in (None, policy)
    )
    seen = [
        _outlined(batches.of(at, epoch), data) for batches, epoch in [(plain, 0), *((varied, e) for e in range(epochs))]
    ]
    return Augmented(seen[0], np.stack(seen[1:], 1))


def _outlined(batch: Batch, data: Data) -> np.ndarray:
    """Return raw images (n, C, H, W) of a batch with the outlines of their masks in the brightest value.

    Of volumes these are the slices in the middle.
    """
    raw, masks = data.preprocessing.undo(batch.x), batch.targets[0].numpy()
    if masks.ndim == 4:
        middle = masks.shape[1] // 2
        raw, masks = raw[:, middle], masks[:, middle]
    edges = np.zeros(masks.shape, bool)
    for axis in (1, 2):
        before, after = (np.moveaxis(masks, axis, 0)[each] for each in (slice(None, -1), slice(1, None)))
        np.moveaxis(edges, axis, 0)[1:] |= before != after
    raw[edges] = raw.max()
    return np.moveaxis(raw, -1, 1)


def write_augmented(
    data: Data,
    policy: Policy,
    out: Path | None = None,
    *,
    images: int = 6,
    copies: int = 5,
    seed: int = 0,
    target: TargetSpec | None = None,
) -> Path:
    """Draw training images, one of each class first, beside what ``copies`` epochs see of them; return the file.

    ``out`` ends in .png or .svg; by default it is ``DATA-augmented.png`` in the current folder; ``target`` is as in
    ``augmented``. Where the policy does nothing, images are drawn once, each with what is learned of it.
    Texts, DNA and signals are drawn as they are, ``images`` times ``copies`` of them, into ``DATA-examples.png``; where
    signals are seen as spectrograms, these are the images. Of clips all frames are drawn, of volumes the middle slices
    of their parts.
    ``ConfigError`` as there, and as ``check_numbers``.
    """
    from convscope.report.figures import as_stored
    from convscope.report.figures import augmented as figure
    from convscope.report.figures.sequences import examples as sequences

    check_numbers(images, copies, out)
    if (shown := examples(data.train, images * copies)) is not None:
        return write_picture(
            lambda: sequences.picture(shown), out or Path(f"{data.name}-examples.png".replace("/", "-"))
        )
    out = Path(f"{data.name}-augmented.png".replace("/", "-")) if out is None else out
    if data.target_kind in MASKS:
        shown = augmented(data, policy, np.arange(images), seed=seed, epochs=copies)
        names = [""] * len(shown.images)
        return write_picture(lambda: figure.picture(shown, names, f"{policy}; masks outlined{_of_volumes(data)}"), out)
    by_class = data.target_kind == "class"
    at = one_of_each_first(data.train.target, images) if by_class else evenly(data.train, images)
    clips = isinstance(data.preprocessing, ClipTransform)
    if str(policy) == "none" and (clips or data.train.input.spec.kind == "image"):
        samples = Samples(_in_rows(data, at) if clips else data.train.images(at), data.train.target[at])
        points = data.train.placed_target[at] if data.target_kind == "points" else None
        captions, ids = _learned(data.train[at]), list(map(str, data.train[at].ids))
        return write_picture(lambda: as_stored.picture(samples, captions, ids, points), out)
    shown = augmented(data, policy, at, seed=seed, epochs=copies, target=target)
    names = data.train[at].target_words if by_class else list(map(str, data.train[at].ids))
    return write_picture(lambda: figure.picture(shown, names, str(policy)), out)


def _of_volumes(data: Data) -> str:
    return "; the slice in the middle of each part" if data.train.input.spec.kind == "volume" else ""


def _learned(split: Split) -> list[str]:
    """Say in up to ``LINES`` lines what is learned of each example; of points nothing, since they are drawn."""
    spec = split.column(split.dataset.targets[0]).spec
    if spec.kind == "class":
        return [shorten(word, WIDTH) for word in split.target_words]
    if spec.kind == "multilabel":
        lines = [[name for name, has in zip(spec.names, row, strict=True) if has] for row in split.target]
    elif spec.kind == "number":
        units = spec.units or ("",) * len(spec.names)
        lines = [
            [f"{name} {value:.4g} {unit}".rstrip() for name, value, unit in zip(spec.names, row, units, strict=True)]
            for row in split.target
        ]
    else:
        return [""] * len(split)
    return ["\n".join(shorten(line, WIDTH) for line in each[:LINES]) for each in lines]


def check_numbers(images: int, copies: int, out: Path | None) -> None:
    """Raise ``ConfigError`` for a picture of too many rows or columns, of none, or of another kind than PNG or SVG."""
    for name, value, most in (("images", images, MOST_IMAGES), ("copies", copies, MOST_COPIES)):
        if not 1 <= value <= most:
            raise ConfigError(f"--{name} must be at least 1 and at most {most}, got {value}")
    if out is not None:
        check_name(out)


def one_of_each_first(labels: np.ndarray, count: int) -> np.ndarray:
    """Return positions of ``count`` images: the first of each class, then the second of each, and so on.

    >>> one_of_each_first(np.array([0, 0, 0, 1, 1, 2]), 5).tolist()
    [0, 3, 5, 1, 4]
    """
    order = np.argsort(labels, kind="stable")
    sorted_labels = labels[order]
    turn = np.arange(len(labels)) - np.searchsorted(sorted_labels, sorted_labels)  # how many of the class came before
    return order[np.argsort(turn, kind="stable")][:count]
