"""The name that an image's transform had before there were others; kept for who imports it."""

from convscope.data.transforms.image import ImageTransform as Preprocessing
from convscope.data.transforms.resize import Fit

__all__ = ["Fit", "Preprocessing"]
