"""One image as a NumPy array: (H, W), (H, W, C) or (C, H, W)."""

from __future__ import annotations

import io
import math

import numpy as np

from convscope.data.decode.encoded import Encoded, Unreadable, stored, stored_as
from convscope.data.sources.arrays import channel_axis, read_header


def read(data: bytes) -> Encoded:
    """Read a ``.npy`` file's header; pickled objects are refused."""
    stream = io.BytesIO(data)
    shape, _, dtype = read_header(stream)
    if dtype.hasobject:
        raise Unreadable("holds Python objects, which only pickle can load and which may run any code; refused")
    announced, held = math.prod(shape) * dtype.itemsize, len(data) - stream.tell()
    if held < announced:
        raise Unreadable(f"cut short: its header announces {announced:,} bytes, {held:,} follow")
    axis = channel_axis(shape)
    height, width, channels = (*shape, 1) if axis is None else (*np.delete(shape, axis).tolist(), shape[axis])

    def decode(_: int) -> np.ndarray:
        values = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
        return stored(values[..., None] if axis is None else np.moveaxis(values, axis, -1))

    return Encoded(height, width, channels, stored_as(dtype), decode)
