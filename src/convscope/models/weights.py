"""Weights that a network starts from: read from a file or fetched, and laid into the network where they fit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from convscope.data.download import Progress
from convscope.data.transforms import ImageTransform
from convscope.errors import CheckpointError, Error
from convscope.models import public
from convscope.models.entries import UNET
from convscope.models.header import KEY, read_header
from convscope.models.naming import Scaling, dialect_of
from convscope.models.registry import create, entry, names
from convscope.models.state_dict import pick
from convscope.models.tensors import checked, file_in, read_file
from convscope.models.timm import PREFIX, scaling_of, with_our_names
from convscope.models.transfer import cut, has_head

PUBLIC = "public"  # the source that is no file
SHOWN = 4  # of the tensors that do not fit


@dataclass(frozen=True)
class Weights:
    """Weights for the network called ``model``, under the names that it has here.

    ``mean`` and ``std`` per channel, in raw units 0..255 and RGB order, and ``side`` in pixels say how an image must be
    scaled; they are ``None`` where unknown. ``source`` says where the weights come from, ``notes`` what was
    changed or assumed, in sentences for the user.
    """

    model: str
    tensors: dict[str, Tensor]
    source: str
    sha256: str
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    side: int | None = None
    notes: tuple[str, ...] = ()

    def scaling(self, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
        """Return (mean, std) for images of so many channels, or ``None``: grey ones get the channels' average.

        >>> Weights("lenet", {}, "", "", mean=(1.0, 2.0, 3.0), std=(4.0, 4.0, 4.0)).scaling(1)
        ((2.0,), (4.0,))
        """
        if self.mean is None or self.std is None:
            return None
        if channels == 1:
            return (sum(self.mean) / len(self.mean),), (sum(self.std) / len(self.std),)
        at = [channel % len(self.mean) for channel in range(channels)]
        return tuple(self.mean[c] for c in at), tuple(self.std[c] for c in at)


def read_weights(
    source: str | Path, name: str, *, cache: str | Path | None = None, progress: Progress | None = None
) -> Weights:
    """Read weights for the network ``name`` from a file, or fetch the published ones (source ``public``).

    A file is .safetensors, .npz, or what torch.save wrote (.pth, .pt, .ckpt, .pth.tar, ...); a run's folder stands for
    the weights in it. Of a checkpoint the state dict that fits is taken, without the prefixes of other trainers, and
    the notes say which. Weights named by another program that is known are renamed, those for BGR images turned to RGB.
    Of a network with a decoder those of its encoder are taken too: a file, a run or the published ones of that network.

    Raises:
        CheckpointError: the file is missing, damaged, holds more than weights, or is the run of another network.
        ConfigError, DataError, Error: as ``public.fetch``.
    """
    known = entry(name)  # an unknown name is said before anything is fetched
    published = str(source) == PUBLIC
    fetched = known.encoder if known.encoder in public.PUBLIC else name
    path = public.fetch(fetched or name, cache, progress) if published else Path(source).expanduser()
    if path.is_dir():
        path = file_in(path)
    content, metadata = read_file(path)
    if known.encoder is None or not _is_of_encoder(path, content, metadata, known.encoder):
        weights = _named(path, content, metadata, name, published=published)
    else:
        weights = _without_head(_named(path, content, metadata, known.encoder, published=published), name)
    return weights if known.space is None else replace(weights, side=None)  # whose images keep their size


def _is_of_encoder(path: Path, content: Any, metadata: dict[str, str], encoder: str) -> bool:
    """Return whether a file holds the weights of an encoder alone."""
    if KEY in metadata:
        return read_header(path, metadata[KEY]).model == encoder
    return not _mentions(content, "decoder.")


def _mentions(content: Any, word: str) -> bool:
    """Return whether a word stands in a name of a tensor, at whatever depth of a checkpoint."""
    if not isinstance(content, dict):
        return False
    return any(word in str(name) or _mentions(value, word) for name, value in content.items())


def _without_head(weights: Weights, name: str) -> Weights:
    """Return the weights of an encoder as those of the network ``name``, which begins with it."""
    _, top = _children(_published(weights.model), weights.model)
    tensors = {key: tensor for key, tensor in weights.tensors.items() if key.partition(".")[0] not in {*top, "head"}}
    return replace(weights, model=name, tensors=tensors)


def _named(path: Path, content: Any, metadata: dict[str, str], name: str, *, published: bool) -> Weights:
    """Return the content of a file as weights of a network, under the names that it has here."""
    own = _own(name)
    if KEY in metadata:
        weights = _of_run(Weights(name, content, str(path), public.sha256(path)), metadata[KEY])
        return replace(weights, tensors=checked(path, content, own))
    foreign = name.startswith(PREFIX)
    tensors, notes = pick(content, {key.removeprefix("trunk."): own[key] for key in own} if foreign else own, path)
    weights, scaling = Weights(name, tensors, str(path), public.sha256(path), notes=notes), None
    if foreign:
        weights, scaling = replace(weights, tensors=with_our_names(name, tensors)), scaling_of(name)
    elif dialect := dialect_of(tensors):
        weights = replace(
            weights,
            tensors=dialect.rename(tensors),
            source=f"{path} (of {dialect.what})",
            notes=(*notes, *dialect.notes),
        )
        scaling = dialect.scaling
    weights = replace(weights, tensors=checked(path, weights.tensors, own))
    return _scaled(weights, scaling, published=published)


def _own(name: str) -> dict[str, Tensor]:
    """Return the tensors of a network as it was published, of those here without numbers.

    None of one that its name alone does not bring back: the largest state dict is then taken for its weights.
    """
    try:
        return _published(name).state_dict()
    except Error:
        return {}


def _published(name: str) -> nn.Module:
    """Build a network as it was published, one of those here without numbers."""
    known = entry(name)
    with torch.device("cpu" if name.startswith(PREFIX) else "meta"):
        return create(name, classes=known.classes, channels=known.channels)


def _scaled(weights: Weights, scaling: Scaling | None, *, published: bool) -> Weights:
    """Add how images are scaled: as the file's kind says, or as for the published weights it resembles."""
    name, notes = weights.model, weights.notes
    classes = entry(name).classes
    if scaling is None and name in public.PUBLIC and _tell_apart(weights.tensors, classes):
        known = public.PUBLIC[name]
        scaling = Scaling(known.mean, known.std, known.side)
        if not published:
            note = f"the file has {classes:,} classes: images are scaled as for the published weights"
            notes = (*notes, note)
    if scaling is None:
        note = "the file does not say what images it was trained on: mean and standard deviation are those of this set"
        return replace(weights, notes=(*notes, note))
    return replace(weights, mean=scaling.mean, std=scaling.std, side=scaling.side, notes=notes)


def _tell_apart(tensors: dict[str, Tensor], classes: int) -> bool:
    return any(tensor.ndim > 1 and len(tensor) == classes for tensor in tensors.values())


def _of_run(weights: Weights, said: str) -> Weights:
    """Add what a run's own weights file says of itself."""
    header = read_header(Path(weights.source), said)
    model, options, images = header.model, header.options, header.preprocessing
    if model != weights.model:
        raise CheckpointError(
            f"{weights.source} holds the weights of the network {model!r}, not of {weights.model!r}; "
            f"say --model {model}, or take other weights"
        )
    told = "".join(f", {name}={value}" for name, value in options.items())
    source = f"{weights.source} (a run of {model}{told})"
    if not isinstance(images, ImageTransform):  # whose scale is measured anew
        return replace(weights, source=source)
    unit = {"uint8": 1.0, "uint16": 1 / 257}.get(images.dtype)
    side = max(images.height, images.width)
    if unit is None:
        note = "those weights were trained on images of real numbers: mean and standard deviation are those of this set"
        return replace(weights, source=source, side=side, notes=(note,))
    return replace(
        weights,
        source=source,
        mean=tuple(v * unit for v in images.mean),
        std=tuple(v * unit for v in images.std),
        side=side,
    )


@dataclass
class _Fit:
    """How tensors fit a network: what can be taken, what starts fresh, and what is wrong."""

    taken: dict[str, Tensor] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)
    kernel: str | None = None  # the first kernel, where only its number of inputs differs
    missing: list[str] = field(default_factory=list)
    misshapen: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        return len(self.missing) + len(self.misshapen) + len(self.unexpected)


def load_into(model: nn.Module, weights: Weights, *, head_is_new: bool) -> tuple[str, ...]:
    """Copy weights into a network, in place, and return what was done, in sentences for the user.

    The trunk must fit: the same names and shapes, but for the first kernel, which is brought to another number of
    channels. A new head stays as it is; of the network's own head the layers from the first that does not fit stay so.

    Raises ``CheckpointError`` with the names, counts and shapes where the weights are of another architecture, and
    which networks they would fit. The model is then untouched.
    """
    fit = _fit(model, weights, head_is_new)
    if fit.wrong:
        raise CheckpointError(_refusal(model, weights, fit))
    notes = []
    if fit.kernel:
        kernel, wanted = weights.tensors[fit.kernel], model.state_dict()[fit.kernel].shape[1]
        fit.taken[fit.kernel] = _for_channels(kernel, wanted)
        how = (
            "summed over them, nearly what a grey image in colour would give" if wanted == 1 else "repeated and scaled"
        )
        had = f"{kernel.shape[1]} channel{'s' if kernel.shape[1] > 1 else ''}"
        notes.append(f"the first kernel, {fit.kernel}, takes {had} and these images have {wanted}: it was {how}")
    if fit.fresh and head_is_new:
        notes.append("the head is new: its weights start fresh")
    elif fit.fresh:
        notes.append(_why_fresh(model, weights, fit.fresh))
    model.load_state_dict(fit.taken, strict=False)
    return tuple(notes)


def _fit(model: nn.Module, weights: Weights, head_is_new: bool) -> _Fit:
    """Compare a network's tensors with those at hand, without touching either."""
    fit, tensors, own = _Fit(), weights.tensors, model.state_dict()
    trunk, top = _children(model, weights.model)
    first = next((name for name, tensor in own.items() if tensor.ndim >= 4), None)
    fresh = head_is_new
    for name, wanted in own.items():
        candidate, in_head = tensors.get(name), name.partition(".")[0] in top
        if name.endswith("num_batches_tracked") and (candidate is None or candidate.shape != wanted.shape):
            continue  # a count that older files do not have, and that nothing needs
        fits = candidate is not None and candidate.shape == wanted.shape
        fresh = fresh or (in_head and not fits and name.endswith(".weight"))
        if in_head and (fresh or not fits):
            fit.fresh.append(name)
        elif candidate is None:
            fit.missing.append(name)
        elif fits:
            fit.taken[name] = candidate
        elif name == first and candidate.ndim == wanted.ndim and _but_inputs(candidate) == _but_inputs(wanted):
            fit.kernel = name
        else:
            fit.misshapen.append(name)
    other_heads = {"head"} if not head_is_new else {name.partition(".")[0] for name in tensors} - trunk
    fit.unexpected = [name for name in tensors if name not in own and name.partition(".")[0] not in other_heads]
    return fit


def _children(model: nn.Module, name: str) -> tuple[set[str], set[str]]:
    """Return the names of the children in the trunk, and of those in the head."""
    if not has_head(model):
        return {child for child, _ in model.named_children()}, set()
    trunk, top = cut(model, entry(name).head)
    return {child for child, _ in trunk.named_children()}, {child for child, _ in top.named_children()}


def _but_inputs(kernel: Tensor) -> tuple[int, ...]:
    return (kernel.shape[0], *kernel.shape[2:])


def _for_channels(kernel: Tensor, channels: int) -> Tensor:
    """Return a first kernel (outputs, inputs, ...) for another number of input channels, of responses as large."""
    if channels == 1:
        return kernel.sum(1, keepdim=True)
    had = kernel.shape[1]
    return kernel[:, torch.arange(channels) % had] * (had / channels)


def _why_fresh(model: nn.Module, weights: Weights, fresh: list[str]) -> str:
    layers = list(dict.fromkeys(name.rpartition(".")[0] for name in fresh))
    top = {layer.partition(".")[0] for layer in layers}
    if entry(weights.model).encoder and not any(name.partition(".")[0] in top for name in weights.tensors):
        return f"these weights have no {' and '.join(sorted(top))}, which starts fresh"
    name = next(name for name in fresh if name.endswith(".weight"))
    candidate, wanted = weights.tensors.get(name), model.state_dict()[name]
    if candidate is None:
        why = f"these weights have no {name}"
    elif (
        candidate.shape[0] != wanted.shape[0]
        and candidate.shape[1:] == wanted.shape[1:]
        and layers == [name.rpartition(".")[0]]
    ):
        why = f"these weights tell {candidate.shape[0]:,} classes apart, this network {wanted.shape[0]:,}"
    else:
        why = f"{name} is {_shape(candidate)} in these weights, not {_shape(wanted)}"
    return f"{why}: {', '.join(layers)} of the head start{'s' if len(layers) == 1 else ''} fresh"


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "one number"


def _refusal(model: nn.Module, weights: Weights, fit: _Fit) -> str:
    own, tensors = model.state_dict(), weights.tensors
    shapes = [f"{name} ({_shape(tensors[name])}, not {_shape(own[name])})" for name in fit.misshapen]
    parts = [
        f"{len(affected):,} {problem}: {', '.join(affected[:SHOWN])}{', ...' if len(affected) > SHOWN else ''}"
        for affected, problem in (
            (fit.missing, f"of its {len(own):,} tensors are missing"),
            (shapes, "have another shape"),
            (fit.unexpected, "are not known to it"),
        )
        if affected
    ]
    fitting = [name for name in names() if _would_fit(name, weights)]
    if _mentions(tensors, "decoder."):
        fitting = [name if entry(name).space else f"{UNET}{name}" for name in fitting]
    if weights.model in fitting:
        remedy = "they would fit with other options (--set), or another image size"
    elif fitting:
        remedy = f"they fit: {', '.join(fitting)}"
    else:
        remedy = "they fit none of the networks here: convscope models"
    return f"{weights.source} does not fit {weights.model!r}: {'; '.join(parts)}; {remedy}"


def _would_fit(name: str, weights: Weights) -> bool:
    """Return whether the features of a network, as it was published, could be filled from these weights."""
    fit = _fit(_published(name), replace(weights, model=name), head_is_new=True)
    return not fit.wrong and bool(fit.taken)
