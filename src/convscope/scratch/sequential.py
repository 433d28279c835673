"""A network as a row of layers: the numbers go through them forward, the gradient backward.

In memory the batch is the innermost axis, from the first layer to the last: an array (N, C, H, W) whose neighbours in
memory are the same place in neighbouring examples. Then each step of a convolution copies or multiplies long runs.
All weights lie in one flat array, and so do their gradients; the layers hold views into them, and an optimiser needs a
handful of NumPy calls however many layers there are.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from safetensors import SafetensorError
from safetensors.numpy import load_file, save  # pyright: ignore[reportUnknownVariableType]

from convscope import atomic
from convscope.errors import CheckpointError, ConfigError, ShapeError
from convscope.ops.layout import batch_first, batch_last
from convscope.scratch.initialise import he_normal
from convscope.scratch.layers import Layer
from convscope.scratch.settings import floating, whole


class Sequential:
    """Layers one after the other; ``net[i]`` is one of them.

    Weights are drawn from ``seed`` by ``initialise(shape, generator)``; biases begin at 0. ``dtype`` is the type
    that the network computes in, float32 or float64.

    - ``weights`` and ``gradient`` are flat arrays of all parameters and of their gradients, layer by layer, each in the
      order that its layer computes in. The layers see into them: write into them, ``net.weights[...] = values``;
      another array cannot take their place.
    - ``training`` is True until ``eval()``: it matters to Dropout and BatchNorm.

    Raises:
        ConfigError: something that is no layer, one layer twice, a dtype or an ``initialise`` that is none.

    D4's first layer has 8 kernels of 5×5 and 8 biases, 208 weights:

    >>> from convscope import scratch
    >>> net = scratch.Sequential(scratch.Conv(1, 8, 5, stride=2, padding=2), scratch.LeakyReLU())
    >>> net.weights.size, net.forward(np.ones((3, 1, 28, 28))).shape
    (208, (3, 8, 14, 14))
    """

    def __init__(
        self,
        *layers: Layer,
        seed: int = 0,
        dtype: DTypeLike = np.float32,
        initialise: Callable[[tuple[int, ...], np.random.Generator], np.ndarray] = he_normal,
    ):
        given_layers: tuple[Any, ...] = layers
        for i, layer in enumerate(given_layers):
            if not isinstance(layer, Layer):
                hint = "; hand over its layers with *net" if isinstance(layer, Sequential) else ""
                raise ConfigError(f"Sequential: number {i} is no layer but a {type(layer).__name__}{hint}")
            if any(layer is other for other in layers[:i]):
                raise ConfigError(f"Sequential: {layer!r} stands in the row twice; make one layer for each place")
        if not callable(initialise):
            raise ConfigError(
                f"Sequential: initialise must be a function such as scratch.he_normal, found {initialise!r}"
            )
        self.layers = layers
        self.training = True
        self._output: tuple[int, ...] | None = None  # the shape of what last came out
        self._adopt(dtype)
        rng = np.random.default_rng(seed)
        for layer in layers:
            layer.initialise(rng, initialise)

    def _adopt(self, dtype: DTypeLike) -> None:
        """Lay all parameters into one flat array, and their gradients into another; the layers keep views."""
        self.dtype = floating("Sequential", dtype)
        self._input: np.ndarray | None = None
        size = sum(array.size for layer in self.layers for array in layer.parameters.values())
        self._weights: np.ndarray = np.zeros(size, self.dtype)
        self._gradient: np.ndarray = np.zeros(size, self.dtype)
        first = 0
        for layer in self.layers:
            for name, array in layer.parameters.items():
                part = slice(first, first + array.size)
                layer.adopt(name, *(_as_in_memory(flat[part], array) for flat in (self._weights, self._gradient)))
                first += array.size
            layer.state = {name: array.astype(self.dtype) for name, array in layer.state.items()}

    @property
    def weights(self) -> np.ndarray:
        """All parameters, one after the other; written into, not replaced."""
        return self._weights

    @weights.setter
    def weights(self, value: np.ndarray) -> None:
        self._keep("weights", self._weights, value)

    @property
    def gradient(self) -> np.ndarray:
        """The gradients of all parameters, in the same order; written into, not replaced."""
        return self._gradient

    @gradient.setter
    def gradient(self, value: np.ndarray) -> None:
        self._keep("gradient", self._gradient, value)

    def _keep(self, name: str, own: np.ndarray, value: np.ndarray) -> None:
        """Let ``net.weights -= change`` pass, which Python ends by assigning the same array; refuse another."""
        if value is not own:
            raise AttributeError(f"Sequential: {name} cannot be replaced; write into it: net.{name}[...] = values")

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._output = None  # a copied layer forgets what went through it
        self._adopt(self.dtype)  # in a copy, the layers' arrays are views no more

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the last layer's output for x (N, C, *space) or (N, F), N examples.

        x is converted to the network's type. The array returned is yours; those inside the layers are written anew by
        the next call.

        Raises:
            ShapeError: x holds no floating-point numbers, or does not fit a layer, which is named.
        """
        x = self._innermost(x)
        for i, layer in enumerate(self.layers):
            try:
                x = layer.forward(x)
            except ShapeError as error:
                raise ShapeError(f"layer {i}, {layer!r}, was given {x.shape}: {error}") from error
        self._output = x.shape
        return x.copy()

    def _innermost(self, x: np.ndarray) -> np.ndarray:
        """Return x (N, ...) in the network's type, the batch innermost, in the same memory as long as the shape stays.

        Layers then find all they read where it was in the last step.
        """
        x = np.asarray(x)
        if x.dtype.kind != "f":
            raise ShapeError(
                f"the network's input holds {x.dtype}; expected numbers such as x.astype(np.float32) / 255"
            )
        if x.ndim < 2:
            raise ShapeError(
                f"the network's input must be (N, C, *space) or (N, F), found {x.shape}; add axes with [None]"
            )
        if self._input is None or self._input.shape != x.shape:
            self._input = batch_first(np.empty(batch_last(x).shape, self.dtype))
        np.copyto(self._input, x, casting="same_kind")
        return self._input

    def backward(self, grad: np.ndarray, *, input_gradient: bool = True) -> np.ndarray | None:
        """Take the gradient of the output of the last ``forward`` back to the first layer; fill ``gradient``.

        Returns the gradient of x, or None without ``input_gradient``: training does not need it, and it is the most
        expensive of all.

        Raises:
            ShapeError: nothing has gone forward yet, or grad is not shaped as what came out.
        """
        if grad.shape != self._output:
            hint = f"the last output is {self._output}" if self._output else "call forward first"
            raise ShapeError(f"backward: grad must be shaped as the output, found {grad.shape}; {hint}")
        for i, layer in reversed(list(enumerate(self.layers))):
            grad = layer.backward(grad, input_gradient=input_gradient or i > 0)
        return grad.copy() if input_gradient else None

    def predict(self, x: np.ndarray, *, batch_size: int = 256) -> np.ndarray:
        """Return the outputs for x, batch after batch in evaluation mode; the mode is restored."""
        whole("predict", batch_size=batch_size)
        training = self.training
        self.eval()
        try:
            parts = [self.forward(x[i : i + batch_size]) for i in range(0, max(len(x), 1), batch_size)]
        finally:
            self.train(training)
        return np.concatenate(parts)

    def train(self, mode: bool = True) -> Sequential:
        """Put all layers in training mode; return the network."""
        self.training = mode
        for layer in self.layers:
            layer.training = mode
        return self

    def eval(self) -> Sequential:
        """Put all layers in evaluation mode: no dropout, batch norm by its running averages; return the network."""
        return self.train(False)

    def parameters(self) -> dict[str, np.ndarray]:
        """Return all parameters by dotted name, such as ``"0.kernel"``; writing into them changes the network."""
        return {f"{i}.{name}": array for i, layer in enumerate(self.layers) for name, array in layer.parameters.items()}

    def gradients(self) -> dict[str, np.ndarray]:
        """Return the gradients of the parameters, by the same names, as the last ``backward`` left them."""
        return {f"{i}.{name}": array for i, layer in enumerate(self.layers) for name, array in layer.gradients.items()}

    def state(self) -> dict[str, np.ndarray]:
        """Return what a file keeps: the parameters, and what layers gathered in training (running averages)."""
        gathered = {f"{i}.{name}": array for i, layer in enumerate(self.layers) for name, array in layer.state.items()}
        return self.parameters() | gathered

    def astype(self, dtype: DTypeLike) -> Sequential:
        """Return a copy of the network that computes in another type."""
        other = copy.deepcopy(self)
        other._adopt(dtype)
        return other

    def save(self, path: str | Path) -> None:
        """Write ``state()`` to a safetensors file; an older file stays whole until the new one is.

        Raises:
            CheckpointError: the path is a folder, or lies in one that does not exist.
        """
        path = Path(path)
        if path.is_dir():
            raise CheckpointError(f"{path}: this is a folder; name a file in it, such as {path / 'net.safetensors'}")
        if not path.parent.is_dir():
            raise CheckpointError(f"{path}: there is no folder {path.parent}; make it first, or save elsewhere")
        atomic.write(path, save({name: np.ascontiguousarray(array) for name, array in self.state().items()}))

    def load(self, path: str | Path) -> Sequential:
        """Read the state from a safetensors file written by ``save``; return the network.

        Raises:
            CheckpointError: no such file, no safetensors file, or one of another network; the network is unchanged.
        """
        if not Path(path).is_file():
            raise CheckpointError(f"{path}: there is no such file; expected one written by net.save")
        try:
            loaded: dict[str, np.ndarray] = load_file(path)
        except SafetensorError as error:
            raise CheckpointError(
                f"{path}: not a safetensors file ({error}); expected one written by net.save"
            ) from None
        own = self.state()
        if problems := list(_differences(own, loaded)):
            raise CheckpointError(f"{path} does not fit this network:\n" + "\n".join(f"  {line}" for line in problems))
        for name, array in own.items():
            array[...] = loaded[name]
        return self

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __getitem__(self, index: int) -> Layer:
        return self.layers[index]

    def __len__(self) -> int:
        return len(self.layers)

    def __repr__(self) -> str:
        return "Sequential(\n" + "".join(f"    {layer!r},  # {i}\n" for i, layer in enumerate(self.layers)) + ")"


def _as_in_memory(flat: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Return a view of a flat array in the shape of another, its axes in the same order in memory."""
    order = np.argsort(like.strides, kind="stable")[::-1]  # outermost first
    return flat.reshape([like.shape[axis] for axis in order]).transpose(np.argsort(order))


def _differences(own: dict[str, np.ndarray], theirs_by_name: dict[str, np.ndarray]) -> Iterator[str]:
    """Yield one line for each array that is missing, too many, or of another shape or type."""
    for name in sorted(own.keys() | theirs_by_name.keys()):
        if name not in theirs_by_name:
            yield f"{name}: the network has it ({own[name].shape}), the file does not"
        elif name not in own:
            yield f"{name}: the file has it ({theirs_by_name[name].shape}), the network does not"
        elif (own[name].shape, own[name].dtype) != (theirs_by_name[name].shape, theirs_by_name[name].dtype):
            ours, theirs = (f"{array.dtype} {array.shape}" for array in (own[name], theirs_by_name[name]))
            yield f"{name}: the network has {ours}, the file {theirs}"
