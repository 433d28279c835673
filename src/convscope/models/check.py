"""Whether a network of one's own can be trained, saved and opened again: found out before the first epoch.

It is shown a few examples, on copies, so that it is left as it was; and it is built a second time, to see that what is
saved of it says all that it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from convscope.data.spec import Classes, OutputSpec, TargetSpec
from convscope.errors import ConfigError
from convscope.models.building import copied
from convscope.models.own import explained
from convscope.text import listed

SHOWN = 16  # examples at most
CLOSE = 1e-3  # relative to the largest answer: more is no rounding
# What can be saved; numbers that learn are float32, as the images are.
DTYPES = {
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
    torch.uint8, torch.bool,
}  # fmt: skip


@dataclass(frozen=True)
class _Asked:
    """The expected output of a network, and its name; ``classes``: the outputs are scores of classes."""

    name: str
    output: OutputSpec
    classes: bool

    def shape(self, x: Tensor) -> tuple[int, ...]:
        """Return the shape of its answers for inputs x (N, C, *space)."""
        return (len(x), self.output.channels, *(x.shape[2:] if self.output.space else ()))

    def noun(self, x: Tensor) -> str:
        return "images" if x.ndim == 4 else "examples"


def check(
    model: nn.Module,
    name: str,
    x: Tensor,
    output: OutputSpec,
    target: TargetSpec,
    again: Callable[[], nn.Module] | None,
) -> list[str]:
    """Return what a user should hear of a network before it is trained.

    ``x`` (N, C, *space) are inputs as it will see them, all of one training step; ``again`` builds it a second time,
    where it is not a copy of an object.

    Raises:
        ConfigError: it has nothing to learn, cannot be saved, fails on the inputs, does not give what ``output`` says,
            or is another network when it is built again.
    """
    asked = _Asked(name, output, isinstance(target, Classes))
    with torch.random.fork_rng(devices=[x.device] if x.is_cuda else []):
        _check_parameters(model, name)
        notices = [*_shown(copied(model, name), asked, x[:SHOWN])]
        notices += _learning(copied(model, name), asked, x)
        if again is not None:
            _check_again(model, again, name, x[:SHOWN])
    return notices


def _check_parameters(model: nn.Module, name: str) -> None:
    own = dict(model.named_parameters())
    if lost := sorted(_unregistered(model)):
        raise ConfigError(
            f"{name}: {listed(lost)} would neither be trained nor saved: put modules into an nn.ModuleList or "
            "nn.ModuleDict, not into a list or dict of Python, and weights into an nn.Parameter"
        )
    if not own:
        raise ConfigError(f"{name} has no parameters: there is nothing to train")
    if not any(parameter.requires_grad for parameter in own.values()):
        raise ConfigError(f"{name} has no parameter that learns: all have requires_grad=False")
    for path, parameter in own.items():
        if parameter.is_meta:
            raise ConfigError(f"{name}: {path} is on the meta device, without numbers; build it on the CPU")
        if parameter.requires_grad and parameter.dtype != torch.float32:
            raise ConfigError(
                f"{name}: {path} is {_plain(parameter.dtype)}, and networks are trained in float32, as the images are: "
                "call .float() on it (bfloat16 steps are the setting amp)"
            )
    for path, value in model.state_dict().items():
        if not isinstance(value, Tensor) or value.dtype not in DTYPES or value.layout != torch.strided:
            kind = type(value).__name__ if not isinstance(value, Tensor) else f"a tensor of {_plain(value.dtype)}"
            raise ConfigError(f"{name}: {path} is {kind} and cannot be saved as plain numbers; make it a buffer")


def _unregistered(model: nn.Module) -> Iterator[str]:
    """Yield where modules and weights lie that PyTorch does not know as parts of the network."""
    known = {id(part) for part in (*model.modules(), *model.parameters(), *model.buffers())}
    for path, module in model.named_modules():
        for attribute, value in vars(module).items():
            if attribute in ("_parameters", "_buffers", "_modules") or "hook" in attribute:
                continue
            items = value.items() if isinstance(value, dict) else enumerate(value) if _is_list(value) else [("", value)]
            for at, item in items:
                learns = isinstance(item, Tensor) and item.requires_grad and item.is_leaf
                holds = isinstance(item, nn.Module) and next(item.parameters(), None) is not None
                if (learns or holds) and id(item) not in known:
                    yield f"{path}.{attribute}".strip(".") + (f"[{at!r}]" if at != "" else "")


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _shown(model: nn.Module, asked: _Asked, x: Tensor) -> Iterator[str]:
    """Look at its answers in evaluation mode; yield what is odd about them."""
    name, noun = asked.name, asked.noun(x)
    model.eval()
    with torch.no_grad():
        answers = _answers(model, asked, x)
        alone = _answers(model, asked, x[:1])
        repeated = _answers(model, asked, x)
    if not answers.isfinite().all():
        raise ConfigError(f"{name} answers {noun} of this set with NaN or infinity before it has learned anything")
    scale = CLOSE * answers.abs().max()
    if ((answers - repeated).abs() > scale).any():
        yield (
            f"{name} answers the same {noun} differently each time, also in evaluation mode: something in it draws "
            "random numbers (a dropout is told by training=self.training to rest)"
        )
    elif ((answers[:1] - alone).abs() > scale).any():
        yield f"{name} answers one of the {noun} differently in a batch than alone, also in evaluation mode"
    if asked.classes:
        yield from _squashed(answers, name)


def _squashed(answers: Tensor, name: str) -> Iterator[str]:
    """Say where scores of classes (N, K) are probabilities already, which the loss makes of them itself."""
    within = bool((answers >= 0).all() and (answers <= 1).all())
    if within and ((answers.sum(1) - 1).abs() < CLOSE).all():
        yield (
            f"{name} gives probabilities (they are positive and sum to 1), and the loss takes the softmax once more: "
            "training is slow and its probabilities are wrong; leave the softmax out of forward"
        )
    elif within and answers.numel() >= 2 * SHOWN and answers.std() > 0:
        yield (
            f"{name} gives numbers between 0 and 1 only, as after a sigmoid; the loss takes a softmax of them: "
            "leave the last activation out of forward"
        )


def _learning(model: nn.Module, asked: _Asked, x: Tensor) -> Iterator[str]:
    """Take one training step's gradients; yield what does not learn."""
    name = asked.name
    answers = _answers(model.train(), asked, x)
    if not answers.requires_grad:
        raise ConfigError(f"{name}: no gradient comes back from its output: forward detaches it, or runs in no_grad")
    try:
        answers.sum().backward()
    except RuntimeError as error:
        raise ConfigError(f"{name} has no gradients on these {asked.noun(x)}: {explained(error)}") from error
    unused = [path for path, p in model.named_parameters() if p.requires_grad and p.grad is None]
    if unused:
        yield f"{name}: forward does not use {listed(unused)}, so that they do not learn"


def _answers(model: nn.Module, asked: _Asked, x: Tensor) -> Tensor:
    """Return a network's answers float32 for inputs; ``ConfigError`` for anything but the shape that is asked for."""
    name, noun = asked.name, asked.noun(x)
    mode = "training" if model.training else "evaluation"
    before = x.clone()
    shape = " × ".join(map(str, x.shape))
    try:
        answers: Any = model(x)
    except Exception as error:  # the user's own code
        alone = "; a step of one example leaves a norm nothing to average over: use a larger --batch-size"
        axes = "images × channels × height × width" if noun == "images" else "examples first"
        raise ConfigError(
            f"{name} fails on {noun} {shape} ({axes}) in {mode} mode: {explained(error)}"
            f"{alone if model.training and len(x) == 1 else ''}"
        ) from error
    if not torch.equal(x, before):
        raise ConfigError(
            f"{name} writes into its input, the {noun}, which are used again: begin forward with x = x.clone(), or "
            "leave inplace=True out of the first layer"
        )
    expected = asked.shape(x)
    if not isinstance(answers, Tensor):
        kind = f"a {type(answers).__name__}" + (f" of {len(answers)}" if hasattr(answers, "__len__") else "")
        raise ConfigError(
            f"{name} returns {kind} in {mode} mode: forward must return one tensor, {expected} for {len(x)} {noun}"
        )
    if answers.shape != expected:
        raise ConfigError(f"{name} returns {_shape(answers)} for {len(x)} {noun}: {_remedy(answers, asked, expected)}")
    if not answers.is_floating_point():
        raise ConfigError(f"{name} returns {_plain(answers.dtype)}: forward must return real numbers")
    return answers.float()


def _remedy(answers: Tensor, asked: _Asked, expected: tuple[int, ...]) -> str:
    """Say what was expected, and how to get there from the shape that came."""
    N, K, *maps = expected
    each = f"one number for each of the {K} classes" if asked.classes else f"{K} for each example"
    said = f"expected {expected}, {each}"
    shape = tuple(answers.shape)
    if maps:
        return said
    if shape == (N, K, *[1] * (answers.ndim - 2)):
        return f"{said}; end forward with .flatten(1)"
    if shape == (K,) and N == 1:
        return f"{said}; squeeze() has taken the batch away"
    if answers.ndim == 2 and shape[0] == N:
        takes = "classes" if asked.classes else "outputs"
        two = "; two classes need two numbers, one each" if asked.classes and K == 2 and shape[1] == 1 else ""
        return f"{said}; give its last layer {K} outputs, or let what builds it take {takes}{two}"
    if answers.ndim > 2 and shape[:2] == (N, K):
        axes = ", ".join(map(str, range(2, answers.ndim)))
        return f"{said}; it gives {K} maps: end forward with .mean(({axes},))"
    return said


def _check_again(model: nn.Module, again: Callable[[], nn.Module], name: str, x: Tensor) -> None:
    """Check that the weights say all: the network built anew, with these weights, must answer alike."""
    torch.manual_seed(torch.initial_seed() + 1)
    second = again()
    if any(a is b for a in model.modules() for b in second.modules()):
        raise ConfigError(f"{name} returns the same layers each time it is called: it must build new ones")
    try:
        second.load_state_dict(model.state_dict())
    except RuntimeError as error:
        problem = str(error).partition("\n")[2].strip().partition("\n")[0]
        raise ConfigError(
            f"{name} builds another network each time, and a trained one could not be opened again: {problem}"
        ) from None
    second = second.to(x.device)
    with torch.no_grad():
        answers, others = (net.eval()(x).float() for net in (copied(model, name), second))
        repeated = second(x).float()
    scale = CLOSE * answers.abs().max()
    if ((others - repeated).abs() <= scale).all() and ((answers - others).abs() > scale).any():
        raise ConfigError(
            f"{name}, built again with the same weights, answers differently: it draws numbers that are no "
            "parameter or buffer of it, so that they are not saved; register them with register_buffer"
        )


def _shape(tensor: Tensor) -> str:
    return f"({', '.join(map(str, tensor.shape))}{',' * (tensor.ndim == 1)})"


def _plain(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
