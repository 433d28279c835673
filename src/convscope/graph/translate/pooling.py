"""Poolings, and resampling to another size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convscope.graph.builder import GraphBuilder, Ref, Unknown
from convscope.graph.translate.convolution import axes


def max_pool(rank: int, *, indices: bool) -> Callable[..., Any]:
    """Return the rule of max pooling along so many axes, with the places of the maxima or without."""

    def rule(
        graph: GraphBuilder,
        input: Ref,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        both = {"return_indices": True} if indices or return_indices else {}
        maxima = graph.emit(
            "max_pool", input, **_window("max_pool", rank, kernel_size, stride, padding, ceil_mode),
            dilation=axes("max_pool", dilation, rank), **both,
        )  # fmt: skip
        return (maxima, graph.getitem(maxima, 1, maxima.shape, "int64")) if both else maxima

    return rule


def avg_pool(rank: int) -> Callable[..., Ref]:
    """Return the rule of average pooling along so many axes."""

    def rule(
        graph: GraphBuilder,
        input: Ref,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Ref:
        more = {} if divisor_override is None else {"divisor_override": divisor_override}
        return graph.emit(
            "avg_pool", input, **_window("avg_pool", rank, kernel_size, stride, padding, ceil_mode),
            count_include_pad=count_include_pad, **more,
        )  # fmt: skip

    return rule


def lp_pool(rank: int) -> Callable[..., Ref]:
    """Return the rule of power-average pooling along so many axes."""

    def rule(
        graph: GraphBuilder, input: Ref, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
    ) -> Ref:
        return graph.emit("lp_pool", input, p=norm_type, **_window("lp_pool", rank, kernel_size, stride, 0, ceil_mode))

    return rule


def _window(operation: str, rank: int, size: Any, stride: Any, padding: Any, ceil_mode: bool) -> dict[str, Any]:
    kernel = axes(operation, size, rank)
    steps = kernel if stride is None or stride == [] else axes(operation, stride, rank)
    pairs = tuple((n, n) for n in axes(operation, padding, rank, least=0))
    return {"size": kernel, "stride": steps, "padding": pairs, "ceil_mode": ceil_mode}


def adaptive(kind: str, *, indices: bool = False) -> Callable[..., Any]:
    """Return the rule of a pooling to a size; None keeps an axis as it is."""

    def rule(graph: GraphBuilder, input: Ref, output_size: Any, return_indices: bool = False) -> Any:
        both = indices or return_indices
        space = graph.shape[2:]
        if set(space) == {1} and not both:
            return graph.emit(f"global_{kind}_pool", input)
        more = {"return_indices": True} if both else {}
        pooled = graph.emit(f"adaptive_{kind}_pool", input, output_size=space, **more)
        return (pooled, graph.getitem(pooled, 1, pooled.shape, "int64")) if both else pooled

    return rule


def max_unpool(
    graph: GraphBuilder,
    input: Ref,
    indices: Ref,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Ref:
    """The maxima back where they were."""
    return graph.emit("max_unpool", input, indices, space=graph.shape[2:])


def interpolate(
    graph: GraphBuilder,
    input: Ref,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Ref:
    """Resampling by nearest neighbours, linear or cubic along each axis, or by the mean of areas."""
    space = graph.shape[2:]
    if mode == "area":
        return graph.emit("adaptive_avg_pool", input, output_size=space)
    where: dict[str, Any] = {"size": space}
    if size is None and not recompute_scale_factor:
        factors = (scale_factor,) * len(space) if isinstance(scale_factor, int | float) else scale_factor
        where = {"size": None, "scale": tuple(map(float, factors))}
    if mode in ("nearest", "nearest-exact"):
        return graph.emit("resample_nearest", input, **where, **({"exact": True} if mode != "nearest" else {}))
    how = {"align_corners": bool(align_corners), **({"antialias": True} if antialias else {})}
    if mode in ("linear", "bilinear", "trilinear"):
        return graph.emit("resample_linear", input, **where, **how)
    if mode == "bicubic":
        return graph.emit("resample_cubic", input, **where, **how)
    raise Unknown(f"interpolation {mode!r}")


def grid_sample(
    graph: GraphBuilder,
    input: Ref,
    grid: Ref,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Ref:
    """Numbers at places between positions, linear or the nearest."""
    if mode == "bicubic":
        raise Unknown("cubic sampling of a grid")
    how = {"mode": {"bilinear": "linear"}.get(mode, mode), "padding_mode": padding_mode}
    return graph.emit("grid_sample", input, grid, **how, align_corners=bool(align_corners))


def grid_sampler(
    graph: GraphBuilder, input: Ref, grid: Ref, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Ref:
    """The same, its modes as numbers."""
    modes, paddings = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")
    return grid_sample(graph, input, grid, modes[interpolation_mode], paddings[padding_mode], align_corners)


def affine_grid(graph: GraphBuilder, theta: Ref, size: Any, align_corners: bool | None = None) -> Ref:
    """The places that an affine map (N, rank, rank + 1) takes the positions of an image to."""
    shape = graph.shape
    lines = [
        np.linspace(-1, 1, n) * (1 if align_corners else (n - 1) / n) if n > 1 else np.zeros(1) for n in shape[1:-1]
    ]
    points = np.stack(np.meshgrid(*lines, indexing="ij")[::-1], -1).reshape(-1, len(lines))  # the last axis first
    base = graph.constant(np.concatenate([points, np.ones((len(points), 1))], 1).astype(theta.dtype))
    places = graph.emit("matmul", base, graph.emit("permute", theta, axes=(0, 2, 1)))
    return graph.emit("reshape", places, shape=shape)


RULES: dict[str, Callable[..., Any]] = {
    "interpolate": interpolate,
    "grid_sample": grid_sample,
    "grid_sampler": grid_sampler,
    "affine_grid": affine_grid,
    "affine_grid_generator": affine_grid,
}
for _rank in (1, 2, 3):
    RULES.update({
        f"max_pool{_rank}d": max_pool(_rank, indices=False),
        f"max_pool{_rank}d_with_indices": max_pool(_rank, indices=True),
        f"avg_pool{_rank}d": avg_pool(_rank),
        f"lp_pool{_rank}d": lp_pool(_rank),
        f"adaptive_avg_pool{_rank}d": adaptive("avg"),
        f"adaptive_max_pool{_rank}d": adaptive("max"),
        f"adaptive_max_pool{_rank}d_with_indices": adaptive("max", indices=True),
        f"max_unpool{_rank}d": max_unpool,
    })  # fmt: skip
