"""A network of the list with weights that belong to no run, such as published ones, ready to answer images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from convscope.data.spec import Classes
from convscope.data.transforms import Form, ImageTransform
from convscope.errors import CheckpointError, ConfigError, quoted
from convscope.models import create, entry
from convscope.models.fitting import load_into
from convscope.models.weights import read_weights
from convscope.runs.predictor import Predictor
from convscope.tasks.registry import task

FIT = "crop"  # as the published networks were tested: the shorter side is scaled, and the middle kept


@dataclass(frozen=True)
class Published:
    """A network and what is to be told of its weights."""

    predictor: Predictor
    notes: tuple[str, ...]


def published(name: str, source: str | Path, classes: Sequence[str] = ()) -> Published:
    """Return the network ``name`` with the weights of a file, or those published for it (source ``public``).

    ``classes`` name its outputs, by default by their numbers. Images are scaled as the weights ask for, and cropped to
    the size that they were trained at.

    Raises:
        ConfigError: no such network, one that takes no single image, or another number of names. CheckpointError: the
            weights do not fit, or do not say what images they are for. Else as ``read_weights``.
    """
    known = entry(name)
    if known.vocabulary is not None or known.space is not None or len(known.input.space) != 2:
        raise ConfigError(f"{name} tells no classes of single images apart: train it, and give the run")
    if Path(source).expanduser().is_dir():
        raise ConfigError(f"{source} is a folder: a run is explained itself, with convscope explain {quoted(source)}")
    if classes and len(classes) != known.classes:
        raise ConfigError(f"{name} has {known.classes:,} outputs, and {len(classes):,} names were given for them")
    weights = read_weights(source, name)
    scaling = weights.scaling(known.channels)
    if scaling is None or weights.side is None:
        raise CheckpointError(
            f"{weights.source} does not say how images were scaled for it: train with convscope train DATA "
            f"--pretrained {quoted(source)}, and give the run"
        )
    side = weights.side
    model = create(name, classes=known.classes, channels=known.channels, size=(side, side))
    notes = load_into(model, weights, head_is_new=False)
    mine = model.state_dict()
    if any(name not in weights.tensors or weights.tensors[name].shape != mine[name].shape for name in mine):
        raise CheckpointError(f"{weights.source}: {notes[-1]}; an answer would come from no training")
    rule = ImageTransform(known.channels, side, side, FIT, "uint8", *scaling)
    names = tuple(classes) or tuple(map(str, range(known.classes)))
    predictor = Predictor(
        model.eval(), rule, task("classification"), Classes(names), Form(channels_last=known.channels_last)
    )
    told = f"images are scaled so that their shorter side has {side} pixels, and cropped to the middle {side} × {side}"
    return Published(predictor, (*weights.notes, *notes, told))
