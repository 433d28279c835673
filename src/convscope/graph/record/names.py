"""PyTorch's calls by name, where it matters what kind they are."""

from __future__ import annotations

from typing import Any

# What only decides: Python gets a truth, or the numbers set the size of what comes out.
DECIDES = frozenset(
    (*("bool", "contains", "equal", "allclose", "is_nonzero"), *("nonzero", "argwhere", "unique", "masked_select"))
)
# What hands the numbers themselves over to Python, NumPy or a copy's memory.
ESCAPES = frozenset(
    (
        *("item", "float_", "int", "index", "complex", "tolist", "numpy", "array", "dlpack", "storage"),
        *("untyped_storage", "reduce_ex"),
    )
)
# Of those, what hands over the memory itself, so that it can be written to unseen.
SHARES = frozenset(("numpy", "array", "dlpack", "storage", "untyped_storage"))
# Where a whole number among the arguments is computed with, and is no size or axis.
OPERANDS = frozenset(
    (
        *("add", "iadd", "radd", "sub", "subtract", "isub", "rsub", "mul", "multiply", "imul", "rmul"),
        *("div", "divide", "true_divide", "truediv", "itruediv", "idiv", "rtruediv", "rdiv", "floor_divide"),
        *("floordiv", "rfloordiv", "mod", "remainder", "fmod", "pow", "rpow", "ipow", "float_power"),
        *("addcmul", "addcdiv", "lerp", "maximum", "minimum", "clamp", "clip", "clamp_min", "clamp_max"),
        *("eq", "ne", "lt", "le", "gt", "ge", "where", "masked_fill", "fill", "fill_diagonal", "index_fill"),
        *("full", "full_like", "new_full", "tensor", "new_tensor", "as_tensor", "asarray", "scalar_tensor"),
        *("threshold", "setitem"),
    )
)
RANDOM = frozenset(
    (
        *("rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "bernoulli"),
        *("multinomial", "normal", "uniform", "exponential", "poisson", "random", "dropout", "alpha_dropout"),
    )
)
# Layers over time; their last argument says whether the batch comes first.
RECURRENT = frozenset(("gru", "lstm", "rnn_tanh", "rnn_relu"))
# What slides over a map, and takes one without a batch as well: the axes that it slides along.
UNBATCHED = {
    f"{kind}{rank}d": rank
    for kind in ("conv", "conv_transpose", "max_pool", "avg_pool", "lp_pool", "adaptive_avg_pool", "adaptive_max_pool")
    for rank in (1, 2, 3)
}
# What tells of a tensor without reading its numbers.
METADATA_CALLS = frozenset(
    (
        *("size", "dim", "ndimension", "numel", "nelement", "stride", "is_contiguous", "is_floating_point"),
        *("is_complex", "element_size", "storage_offset", "get_device", "len", "hash", "repr", "str"),
        *("format", "requires_grad", "is_same_size", "result_type", "data_ptr", "dlpack_device", "is_set_to"),
        *("is_inference", "is_signed", "is_conj", "is_neg", "broadcast_shapes", "device", "register_hook"),
        *("set_attribute", "backward", "retain_grad"),
    )
)
# Of those, what tells how many numbers there are; an attribute such as ``shape`` is called ``requires_grad`` here.
SIZES = frozenset(("size", "numel", "nelement", "stride", "storage_offset", "len", "requires_grad"))
# Their shape functions in PyTorch are written in Python and take a millisecond; the output is like the input.
ALIKE = frozenset(("batch_norm", "relu"))
# What makes an array without any numbers of its own.
EMPTY = frozenset(("empty", "empty_like", "empty_strided", "empty_permuted", "new_empty", "new_empty_strided"))
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
    if name == "__set__":
        return "set_data" if getattr(func.__self__, "__name__", "") == "data" else "set_attribute"
    return "float_" if name == "__float__" else name.strip("_")
