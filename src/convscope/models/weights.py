"""Weights that a network starts from: read from a file, or fetched. ``fitting`` lays them into the network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from convscope.data.download import Progress
from convscope.data.transforms import ImageTransform
from convscope.errors import CheckpointError, Error
from convscope.models import public
from convscope.models.header import KEY, read_header
from convscope.models.inflated import FROM_IMAGES
from convscope.models.naming import Scaling, dialect_of
from convscope.models.network_entry import Entry
from convscope.models.registry import create, entry
from convscope.models.state_dict import pick
from convscope.models.tensors import checked, file_in, read_file
from convscope.models.timm import PREFIX, scaling_of, with_our_names
from convscope.models.transfer import cut, has_head

PUBLIC = "public"  # the source that is no file


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
    Of a network for clips that is made of one for images, the run of that one is taken too.
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
    if known.flat is not None and KEY in metadata and read_header(path, metadata[KEY]).model == known.flat:
        weights = _of_images(_named(path, content, metadata, known.flat, published=False), known)
    elif known.encoder is None or not _is_of_encoder(path, content, metadata, known.encoder):
        weights = _named(path, content, metadata, name, published=published)
    else:
        weights = _without_head(_named(path, content, metadata, known.encoder, published=published), name)
    return weights if known.space is None else replace(weights, side=None)  # whose images keep their size


def _of_images(weights: Weights, known: Entry) -> Weights:
    """Return the weights of a network for images as those of one for clips, which is made of it."""
    how = "kernels are spread over the frames" if known.family == "inflated" else "it sees each frame"
    note = f"these are weights of {known.flat}, for images: {how}"
    tensors = FROM_IMAGES[known.family](weights.tensors)
    return replace(weights, model=known.name, tensors=tensors, notes=(*weights.notes, note))


def _is_of_encoder(path: Path, content: Any, metadata: dict[str, str], encoder: str) -> bool:
    """Return whether a file holds the weights of an encoder alone."""
    if KEY in metadata:
        return read_header(path, metadata[KEY]).model == encoder
    return not mentions(content, "decoder.")


def mentions(content: Any, word: str) -> bool:
    """Return whether a word stands in a name of a tensor, at whatever depth of a checkpoint."""
    if not isinstance(content, dict):
        return False
    return any(word in str(name) or mentions(value, word) for name, value in content.items())


def _without_head(weights: Weights, name: str) -> Weights:
    """Return the weights of an encoder as those of the network ``name``, which begins with it."""
    _, top = children_of(as_published(weights.model), weights.model)
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
        return as_published(name).state_dict()
    except Error:
        return {}


def as_published(name: str) -> nn.Module:
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


def children_of(model: nn.Module, name: str) -> tuple[set[str], set[str]]:
    """Return the names of the children in the trunk, and of those in the head."""
    if not has_head(model):
        return {child for child, _ in model.named_children()}, set()
    trunk, top = cut(model, entry(name).head)
    return {child for child, _ in trunk.named_children()}, {child for child, _ in top.named_children()}
