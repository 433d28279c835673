"""Networks by name: what each is, and how one is built. Listing them imports no torch."""

from __future__ import annotations

import importlib
from bisect import bisect_left
from collections.abc import Callable, Mapping
from functools import partial
from inspect import signature
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from convscope.data.spec import InputSpec, OutputSpec
from convscope.errors import ConfigError, ShapeError, nearest
from convscope.models import own, timm
from convscope.models.arguments import fixed
from convscope.models.entries import ENTRIES, unet_on
from convscope.models.network_entry import Entry

if TYPE_CHECKING:
    from torch import nn


_BY_NAME = {entry.name: entry for entry in ENTRIES}


def names() -> tuple[str, ...]:
    """Return the names that ``create`` knows, sorted.

    >>> "lenet" in names()
    True
    """
    return tuple(sorted(_BY_NAME))


def families() -> dict[str, tuple[str, ...]]:
    """Return the names in each family, from the published networks to the small one; the families are sorted.

    >>> families()["squeezenet"]
    ('squeezenet1_0', 'squeezenet1_1', 'squeezenet_mini')
    """
    ordered = sorted(ENTRIES, key=lambda entry: entry.family)  # stable
    return {family: tuple(e.name for e in each) for family, each in groupby(ordered, lambda entry: entry.family)}


def entry(name: str) -> Entry:
    """Return the entry of one network; ``ConfigError`` with the nearest name for no network.

    ``timm:NAME``, ``unet:ENCODER`` and ``package.module:name`` are networks too.
    """
    if own.is_own(name):
        return own.entry_of(name)
    if name.startswith(timm.PREFIX):
        return timm.entry_of(name)
    if on := unet_on(name):
        return on
    if name not in _BY_NAME:
        if name in (family := families()):
            raise ConfigError(f"{name!r} is a family of networks; name one of them: {', '.join(family[name])}")
        near = nearest(name, [*family, *_BY_NAME])
        raise ConfigError(f"unknown model {name!r}{own.hint(name) or near}; known: {', '.join(names())}")
    return _BY_NAME[name]


def create(
    name: str,
    *,
    classes: int,
    channels: int = 3,
    size: tuple[int, ...] | None = None,
    vocabulary: int | None = None,
    head: str = "own",
    **options: Any,
) -> nn.Module:
    """Build a network with fresh weights that maps (N, channels, *size) to logits (N, classes), or to a map of them.

    A map is (N, classes, *size), of a network whose entry has the ``space`` "same". ``size`` is (height, width), or
    (depth, height, width) of volumes, by default the size the network was published for. ``head`` is the network's own,
    or one of ``transfer.new_head``'s on its features. ``options`` are the network's own (``width=48``, ``dropout=0.2``,
    ...). Raises ``ConfigError`` for an unknown name, head or option and ``ShapeError``, with the numbers, where the
    image is too small for the network.

    >>> net = create("lenet", classes=10, channels=1, size=(28, 28))
    >>> sum(p.numel() for p in net.parameters())
    233578
    """
    listing = entry(name)
    output = OutputSpec(classes, listing.space)
    space = size or listing.input.space
    input = (
        InputSpec(channels, space)
        if (vocabulary or listing.vocabulary) is None
        else InputSpec(space=space, vocabulary=vocabulary or listing.vocabulary)
    )
    return build(name, options, input=input, output=output, head=head)


def build(
    source: own.Source,
    options: Mapping[str, Any],
    *,
    input: InputSpec,
    output: OutputSpec,
    head: str = "own",
) -> nn.Module:
    """Build a network with fresh weights for any input and output, also one that was given as a module or a factory.

    Raises as ``create``, and ``ConfigError`` where a network of the list should take or give what it does not: it names
    those that do.

    >>> net = build("lenet", {"dropout": 0.0}, input=InputSpec(1, (28, 28)), output=OutputSpec(2))
    >>> net[-1].out_features
    2
    """
    listing = entry(own.name_of(source))
    if not own.is_own(listing.name):
        return _headed(_listed(listing, options, input, output), listing, head, input, output)
    import torch

    from convscope.models import building

    with torch.device("cpu"):  # the user's code may look at its numbers, and torch's "meta" has none
        return _headed(building.build(source, options, input=input, output=output), listing, head, input, output)


def _headed(net: nn.Module, listing: Entry, head: str, input: InputSpec, output: OutputSpec) -> nn.Module:
    """Return a network with the head that is asked for."""
    if head == "own":
        return net
    from convscope.models.transfer import with_head

    size = fixed(input)
    if output.space is not None or size is None or input.vocabulary is not None:
        raise ConfigError(
            f"head {head!r} needs numbers of one known size as inputs, and gives one vector each; use head 'own'"
        )
    try:
        return with_head(net, listing.head, head, output.channels, (input.channels, *size))
    except ConfigError as error:
        raise ConfigError(f"model {listing.name!r}: {error}") from None


def _listed(listing: Entry, options: Mapping[str, Any], input: InputSpec, output: OutputSpec) -> nn.Module:
    """Build a network of the list, or of timm."""
    size = fixed(input)
    _check_fits(listing, input, output)
    shape: dict[str, Any] = {"classes": output.channels}
    shape |= {"channels": input.channels} if input.vocabulary is None else {"vocabulary": input.vocabulary}
    if listing.space != "same" and (input.vocabulary is None or "size" in signature(_builder(listing)).parameters):
        shape["size"] = size  # others fit themselves to each input
    known = options_of(listing.name)
    for option, value in options.items():
        if option not in known:
            raise ConfigError(
                f"model {listing.name!r} has no option {option!r}{nearest(option, known)}; "
                f"it has: {', '.join(known) or 'none'}"
            )
        if wanted := _unlike(value, known[option]):
            raise ConfigError(f"model {listing.name!r}: option {option!r} must be {wanted}, got {value!r}")
    try:
        net = _builder(listing)(**shape, **options)
    except ShapeError as error:
        sides = "×".join(map(str, size or input.space))
        raise ShapeError(f"model {listing.name!r} cannot take images of {sides}: {error}") from None
    except (RuntimeError, ValueError, TypeError) as error:
        if not options or isinstance(error, ConfigError):
            raise
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"model {listing.name!r} cannot be built with {_said(options)}: {reason}; choose other values"
        ) from None
    if options and not all(p.numel() for p in net.parameters()):
        raise ConfigError(
            f"model {listing.name!r} with {_said(options)} has layers without weights; choose larger values"
        )
    return net


def giving(space: Literal["same", "whole"] | None, axes: int = 2, *, tokens: bool = False) -> tuple[str, ...]:
    """Return the names of the networks that give one vector per input, a map ("same") or an image ("whole").

    ``axes`` is the number of spatial axes.

    They take numbers, or ``tokens``.

    >>> giving("same", axes=3), giving(None, axes=1, tokens=True)[:2]
    (('unet3d_mini',), ('conv1d', 'conv_dna'))
    """
    form = "tokens" if tokens else "numbers"
    known = (_BY_NAME[name] for name in names())
    return tuple(e.name for e in known if (e.space, e.axes) == (space, axes) and form in e.takes)


def _check_fits(listing: Entry, input: InputSpec, output: OutputSpec) -> None:
    """Raise ``ConfigError`` unless a network of the list takes such inputs and gives such outputs."""
    axes = len(input.space)
    tokens = input.vocabulary is not None
    takes = ("tokens" if tokens else "numbers") in listing.takes and axes == listing.axes
    if takes and listing.space == output.space and (listing.space == "same" or axes == 1 or fixed(input)):
        return
    fitting = giving(output.space, axes, tokens=tokens)
    remedy = f"use one of {', '.join(fitting)}, or" if fitting else "use"
    noun = listing.input.noun
    if not takes:
        problem = f"takes {noun}s, and was given {input.noun}s of the shape {input.shape}"
    elif listing.space is None and output.space is None:
        problem, remedy = f"takes {noun}s of one size, and was given {input.noun}s of the shape {input.shape}", "use"
    elif output.space == "whole":
        problem = f"does not give {noun}s back, as the task needs"
    elif listing.space == "whole":
        problem = f"gives {noun}s back, which the task does not need"
    elif listing.space is None:
        problem = f"gives one vector per {noun}, but the task needs {output.channels} maps of the {noun}'s size"
    else:
        problem = f"gives a number per class at each position of the {noun}, but the task needs one vector per {noun}"
    raise ConfigError(
        f"model {listing.name!r} {problem}; {remedy} a network of your own (an nn.Module, or {own.COLON})"
    )


def _said(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{option}={value!r}" for option, value in options.items())


def _unlike(value: Any, default: Any) -> str:
    """Return what an option of this default must be, where ``value`` is not.

    >>> _unlike(-1, 64), _unlike(32, 64), _unlike(1.5, 0.1)
    ('a whole number of at least 0', '', 'a number from 0 to below 1')
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(default, bool):
        return "" if isinstance(value, bool) else "true or false"
    if isinstance(default, int):
        return "" if number and isinstance(value, int) and value >= 0 else "a whole number of at least 0"
    if isinstance(default, float):  # the part of the activations, or of the blocks, that is dropped
        return "" if number and 0 <= value < 1 else "a number from 0 to below 1"
    return ""


def options_of(name: str) -> dict[str, Any]:
    """Return a network's own options, which ``create`` takes, with their defaults.

    >>> options_of("lenet")
    {'dropout': 0.5}
    """
    told = signature(_builder(entry(name))).parameters.values()
    return {p.name: p.default for p in told if p.name not in ("name", "classes", "channels", "size", "vocabulary")}


def _builder(listing: Entry) -> Callable[..., nn.Module]:
    if listing.name.startswith(timm.PREFIX):
        return partial(timm.build, listing.name)
    module, name = listing.builder.split(":")
    builder = getattr(importlib.import_module(f"convscope.models.{module}"), name)
    if unet_on(listing.name) is None:
        return builder
    assert listing.encoder is not None
    encoder = _BY_NAME[listing.encoder]
    return partial(builder, encoder, _builder(encoder))


def count_weights(name: str, *, classes: int, channels: int = 3, size: tuple[int, ...]) -> int:
    """Return how many weights the network that ``create`` builds has; none is drawn, so this is quick for any depth.

    >>> count_weights("resnet18", classes=1000, size=(224, 224))
    11689512
    """
    import torch

    with torch.device("meta"):
        return sum(p.numel() for p in create(name, classes=classes, channels=channels, size=size).parameters())


def smallest_side(name: str) -> int:
    """Return the side of the smallest square image that a network takes, as it was published otherwise.

    >>> smallest_side("lenet")
    12
    """
    import torch

    e = entry(name)

    def works(side: int) -> bool:
        try:
            size = (side,) * e.axes
            net = create(name, classes=e.classes, channels=e.channels, size=size).eval()
            net(torch.empty(1, e.channels, *size))
        except (ShapeError, ConfigError, RuntimeError):
            return False
        return True

    with torch.device("meta"), torch.no_grad():
        return bisect_left(range(e.side + 1), True, lo=1, key=works)  # a larger image never leaves a smaller map


def parts_of(name: str) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """Return a network's layer groups as ``transfer.groups``, and the children of its head; none where it is no chain.

    >>> parts_of("resnet20")[1]
    ('avgpool', 'flatten', 'fc')
    """
    import torch

    from convscope.models.transfer import cut, groups, has_head

    e = entry(name)
    with torch.device("meta"):
        net = create(name, classes=e.classes, channels=e.channels)
    if not has_head(net):
        return [], ()
    return groups(net, e.head), tuple(child for child, _ in cut(net, e.head)[1].named_children())
