"""Masks of images: read, judged over the whole set, and brought to the form that a network learns from."""

from convscope.data.masks.another import ignoring, read_otherwise
from convscope.data.masks.checks import check_split_classes
from convscope.data.masks.meaning import MaskMeaning, ValueRow
from convscope.data.masks.reading import MasksRead, read_masks
from convscope.data.masks.rule import NO_OBJECT, VOID, MaskKind, MaskRule, value_text

__all__ = [
    "NO_OBJECT",
    "VOID",
    "MaskKind",
    "MaskMeaning",
    "MaskRule",
    "MasksRead",
    "ValueRow",
    "check_split_classes",
    "ignoring",
    "read_masks",
    "read_otherwise",
    "value_text",
]
