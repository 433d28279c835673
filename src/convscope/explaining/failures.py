"""Why a network gives no explanation: the weights that are no numbers, a size that it does not take, and where."""

from __future__ import annotations

import torch
from torch import Tensor

from convscope.errors import ConfigError, DataError, Error, ShapeError
from convscope.explaining.explained import Explained
from convscope.explaining.finite import not_finite


def failed(explained: Explained, error: Exception) -> Error:
    """Return what to say of a forward that failed: the layer that was reached, if recording it fails as well."""
    from convscope.graph.record import record

    leaves = "call numpy() on Tensor that requires grad" in str(error)
    if leaves:
        return ConfigError(
            "no gradient arrives at the input: the network takes the numbers out of PyTorch (numpy); "
            "occlusion and rise need no gradient"
        )
    try:
        record(explained.model, explained.x[:1])
    except Error as reason:
        return reason
    reason = str(error) if type(error) is RuntimeError else f"{type(error).__name__}: {error}"
    return ShapeError(f"{type(explained.model).__name__} failed on inputs {tuple(explained.x.shape)}: {reason}")


def check_finite(explained: Explained, numbers: Tensor) -> None:
    """Raise ``ConfigError`` where scores, or gradients, (N, ...) are not all finite; it names the weights that are not.

    The inputs themselves are finite.
    """
    if bool(torch.isfinite(numbers).all()):
        return
    model = explained.model
    broken = [name for name, _ in not_finite(model)]
    if broken:
        more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
        raise ConfigError(f"the weights {broken[0]}{more} hold NaN or infinity: nothing can be explained with them")
    raise ConfigError(
        f"the answers of {type(model).__name__}, or their gradients, are NaN or infinite, though its weights and the "
        "inputs are not: its numbers overflow"
    )


def check_inputs(explained: Explained) -> None:
    """Raise ``DataError``, with the number of the example, where an input holds NaN or infinity."""
    x = explained.x
    if x.is_floating_point() and not bool(torch.isfinite(x).all()):
        row = int((~torch.isfinite(x.reshape(len(x), -1)).all(1)).nonzero()[0])
        raise DataError(f"example {row} of the batch holds NaN or infinity")
