"""Image sets: what lies at a path, decoded once, split, checked and ready to train on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convscope.data.arrays import from_arrays
    from convscope.data.dataset import Data, Split
    from convscope.data.image_files import find_images, read_images
    from convscope.data.loading import load
    from convscope.data.notice import Notice
    from convscope.data.preprocessing import Preprocessing

__all__ = ["Data", "Notice", "Preprocessing", "Split", "find_images", "from_arrays", "load", "read_images"]

_HOMES = {
    "Data": "dataset",
    "Notice": "notice",
    "Preprocessing": "preprocessing",
    "Split": "dataset",
    "from_arrays": "arrays",
    "find_images": "image_files",
    "load": "loading",
    "read_images": "image_files",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use: decoders and joblib are not needed to show a help text."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
