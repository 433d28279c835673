"""A network of one's own is built: its factory called or its module copied, and lazy layers given their sizes."""

from __future__ import annotations

import contextlib
import copy
import random
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.data.spec import InputSpec, OutputSpec
from convscope.errors import ConfigError, Error
from convscope.models.arguments import arguments, shape_of
from convscope.models.own import Source, current_folder, explained, is_module, load, name_of

if TYPE_CHECKING:
    from torch import Tensor, nn

LONG = 256  # of an axis that varies, where a network is shown something empty


def build(
    source: Source,
    options: Mapping[str, Any] = MappingProxyType({}),
    *,
    input: InputSpec | None = None,
    output: OutputSpec | None = None,
    if_needed: bool = False,
) -> nn.Module:
    """Build a network of one's own, lazy layers included; of a module that was given, a copy.

    A factory is told ``classes`` (or ``outputs``), ``channels`` and ``size``, an (height, width) of images, those that
    are known and that its signature names (or ``num_classes``, ``in_channels``, ``img_size`` ...; with ``if_needed``
    only those without a default), and the ``options``, which go first. What it draws by Python's and NumPy's generators
    follows torch's seed too.

    Raises:
        ConfigError: it cannot be imported, built or copied, is no network, or takes other arguments.
    """
    import torch

    name = name_of(source)
    call = partial(_called, shape=shape_of(input, output), options=options, if_needed=if_needed)
    with torch.device("cpu"), _seeded(torch.initial_seed()), current_folder():
        source = load(source)
        model = copied(source, name, options) if is_module(source) else call(source, name)
        if input is not None:
            _fill_lazy(model, input, name)
    return model


def copied(module: nn.Module, name: str, options: Mapping[str, Any] = MappingProxyType({})) -> nn.Module:
    """Return a copy of a module that is built already; ``ConfigError`` where it cannot be copied, or takes options."""
    if options:
        raise ConfigError(f"{name} is built already: it takes no options ({', '.join(options)}); give its class")
    try:
        return copy.deepcopy(module)
    except Exception as error:  # whatever its parts raise
        raise ConfigError(
            f"{name} cannot be copied ({explained(error)}), and training, averages and trials work on copies; "
            "give a function that builds it, with weight norms of torch.nn.utils.parametrizations"
        ) from error


def _called(
    factory: Callable[..., Any], name: str, *, shape: dict[str, Any], options: Mapping[str, Any], if_needed: bool
) -> nn.Module:
    told = arguments(factory, name, shape, options, if_needed=if_needed)
    try:
        model = factory(**told)
    except Error:
        raise
    except Exception as error:  # the user's own code
        raise ConfigError(f"{name} failed while it was built: {explained(error)}") from error
    if not is_module(model):
        raise ConfigError(f"{name} is no network: it is of the type {type(model).__name__}, not an nn.Module")
    return model


def zeros(count: int, input: InputSpec) -> Tensor:
    """Return empty examples, for the shapes alone; an axis that varies is ``LONG``."""
    import torch

    shape = [LONG if size is None else size for size in input.shape]
    return torch.zeros(count, *shape, dtype=torch.float32 if input.vocabulary is None else torch.int64)


def _fill_lazy(model: nn.Module, input: InputSpec, name: str) -> None:
    """Give lazy layers their sizes, by showing the network two empty examples; axes that vary are taken as long."""
    import torch
    from torch.nn.parameter import is_lazy

    if not any(map(is_lazy, [*model.parameters(), *model.buffers()])):
        return
    examples = zeros(2, input)
    was = [(module, module.training) for module in model.modules()]
    try:
        with torch.no_grad():
            model.eval()(examples)
    except Exception as error:  # the user's own code
        shapes = f"{'images' if len(input.shape) == 3 else 'inputs'} of {' × '.join(map(str, examples.shape[1:]))}"
        raise ConfigError(f"{name} cannot take {shapes}: {explained(error)}") from error
    for module, training in was:
        module.training = training
    unused = [path for path, tensor in model.state_dict(keep_vars=True).items() if is_lazy(tensor)]
    if unused:
        raise ConfigError(f"{name}: lazy layers that forward never runs stay without a size: {', '.join(unused[:4])}")


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed Python's and NumPy's generators for a while."""
    states = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
