"""What a factory of one's own, which builds a network, is called with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Any

from convscope.data.spec import InputSpec, OutputSpec
from convscope.errors import ConfigError, nearest

# What a factory is told, by the first of these names that its signature has.
TOLD = {
    "outputs": ("classes", "num_classes", "n_classes", "outputs", "num_outputs", "out_channels"),
    "channels": ("in_channels", "in_chans", "channels"),
    "size": ("size", "img_size", "image_size"),
}
# Told only where it has no default: often it is the number of kernels of the first layer.
MAY_MEAN_ANOTHER = {"out_channels"}


def fixed(input: InputSpec) -> tuple[int, ...] | None:
    """Return how far the input goes along each axis, ``None`` where that varies.

    >>> fixed(InputSpec(3, (28, 28))), fixed(InputSpec(1, (None,)))
    ((28, 28), None)
    """
    known = tuple(size for size in input.space if size is not None)
    return known if len(known) == len(input.space) else None


def shape_of(input: InputSpec | None, output: OutputSpec | None) -> dict[str, Any]:
    """Return what a factory may be told of what goes in and comes out; ``None`` is not known, and not told."""
    return {
        "outputs": None if output is None else output.channels,
        "channels": None if input is None else input.channels or None,
        "size": None if input is None else fixed(input),
    }


def arguments(
    factory: Callable[..., Any],
    name: str,
    shape: dict[str, Any],
    options: Mapping[str, Any],
    *,
    if_needed: bool = False,
) -> dict[str, Any]:
    """Return a factory's arguments: the ``options``, and those of ``shape`` that its signature names.

    ``ConfigError`` for an option that the factory does not have, or a required one that is missing.
    """
    options = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    try:
        known = signature(factory).parameters
    except (TypeError, ValueError):  # a function in C, which says no parameters
        return options
    named = [p.name for p in known.values() if p.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)]
    takes_any = any(p.kind is Parameter.VAR_KEYWORD for p in known.values())
    for option in options:
        if option not in named and not takes_any:
            has = ", ".join(named) or "none"
            raise ConfigError(f"{name} has no option {option!r}{nearest(option, named)}; it has: {has}")
    told = {}
    for key, value in shape.items():
        alias = next((alias for alias in TOLD[key] if alias in named), None)
        if alias is None or value is None:
            continue
        if known[alias].default is Parameter.empty or not (if_needed or alias in MAY_MEAN_ANOTHER):
            told[alias] = value
    told |= options
    try:
        signature(factory).bind(**told)
    except TypeError as error:
        raise ConfigError(
            f"{name} cannot be built without arguments other than {', '.join(told) or 'none'}: {error}; give them a "
            "default, or in training a value with --set NAME=VALUE"
        ) from None
    return told
