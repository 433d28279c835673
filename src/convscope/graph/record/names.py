"""PyTorch's calls by name, where it matters what kind they are."""

from __future__ import annotations

from typing import Any

READS = frozenset(
    (
        "bool",
        "item",
        "float_",
        "int",
        "index",
        "tolist",
        "numpy",
        "array",
        "complex",
        "contains",
        "equal",
        "allclose",
        "is_nonzero",
        "nonzero",
        "argwhere",
        "unique",
        "masked_select",
    )
)
RANDOM = frozenset(
    (
        "rand",
        "randn",
        "randint",
        "randperm",
        "rand_like",
        "randn_like",
        "randint_like",
        "bernoulli",
        "multinomial",
        "normal",
        "uniform",
        "exponential",
        "poisson",
        "random",
        "dropout",
        "alpha_dropout",
    )
)
# Layers over time; their last argument says whether the batch comes first.
RECURRENT = frozenset(("gru", "lstm", "rnn_tanh", "rnn_relu"))
# What tells of a tensor without reading its numbers.
LOOKS = frozenset(
    (
        "size",
        "dim",
        "ndimension",
        "numel",
        "nelement",
        "stride",
        "is_contiguous",
        "is_floating_point",
        "is_complex",
        "element_size",
        "storage_offset",
        "get_device",
        "len",
        "hash",
        "repr",
        "str",
        "format",
        "requires_grad",
        "is_same_size",
        "result_type",
        "untyped_storage",
        "storage",
        "data_ptr",
        "is_set_to",
        "is_inference",
        "is_signed",
        "is_conj",
        "is_neg",
        "broadcast_shapes",
        "register_hook",
        "type",
        "set",
        "backward",
        "retain_grad",
    )
)
# Their shape functions in PyTorch are written in Python and take a millisecond; the output is like the input.
ALIKE = frozenset(("batch_norm", "relu"))
# What may make an array of the batch's size out of none.
FILLS = frozenset(("zeros", "ones", "full"))
SPREADS = frozenset(("expand", "repeat", "tile", "broadcast_to", "new_zeros", "new_ones", "new_full"))
VALUES = frozenset(("T", "mT", "H", "mH", "data", "real", "imag", "grad"))  # attributes that are tensors


def name_of(func: Any) -> str:
    """Return a call's name without underscores around it; that of an attribute for its getter."""
    name = getattr(func, "__name__", type(func).__name__)
    if name == "__get__":
        attribute = getattr(func.__self__, "__name__", "")
        return attribute if attribute in VALUES else "requires_grad"
    return "float_" if name == "__float__" else "set" if name == "__set__" else name.strip("_")
