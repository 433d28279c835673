"""How an example becomes what a network sees of it: one kind of input a file, saved with the weights."""

from __future__ import annotations

from typing import Any

from convscope.data.transforms.clip import ClipTransform, StackTransform
from convscope.data.transforms.image import ImageTransform
from convscope.data.transforms.logmel import LogMelTransform
from convscope.data.transforms.signal import SignalTransform
from convscope.data.transforms.text import TextTransform
from convscope.data.transforms.transform import PLAIN, Form, Stored, ToTensor, Transform, noun_of
from convscope.data.transforms.volume import VolumeTransform

__all__ = [
    "PLAIN",
    "SAVED",
    "TRANSFORMS",
    "ClipTransform",
    "Form",
    "ImageTransform",
    "LogMelTransform",
    "SignalRule",
    "SignalTransform",
    "StackTransform",
    "Stored",
    "TextTransform",
    "ToTensor",
    "Transform",
    "VolumeTransform",
    "noun_of",
    "transform_from_dict",
]

SignalRule = SignalTransform | LogMelTransform  # of recordings, as they are or as pictures of them
TRANSFORMS: dict[str, Any] = {
    each.kind: each for each in (ImageTransform, SignalTransform, TextTransform, VolumeTransform, ClipTransform)
}
SAVED = {
    **TRANSFORMS,
    "logmel": LogMelTransform,
    StackTransform.saved: StackTransform,
}  # by the kind that they are saved as


def transform_from_dict(values: dict[str, Any]) -> Transform:
    """Rebuild a transform from its ``to_dict``; an image's has no kind.

    Raises ``ValueError`` for an unknown kind, ``KeyError`` or ``TypeError`` for fields that are missing or wrong.

    >>> transform_from_dict({"kind": "signal", "channels": 1, "length": None, "mean": [0.0], "std": [2.0]}).input
    InputSpec(channels=1, space=(None,), vocabulary=None)
    """
    fields = dict(values)
    kind = fields.pop("kind", "image")
    if kind not in SAVED:
        raise ValueError(f"expected an input of the kind {', '.join(SAVED)}, found {kind!r}")
    return SAVED[kind].from_dict(fields)
