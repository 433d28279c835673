"""What every layer is: an operation of ``ops`` with fixed arguments, its parameters, and what its backward needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from convscope.ops import PRIMITIVES

Arrays = dict[str, np.ndarray]
Draw = Callable[[tuple[int, ...], np.random.Generator], np.ndarray]


class Layer:
    """One step of a network, such as ``Conv(1, 8, 5, stride=2)``.

    - ``parameters`` and ``gradients`` hold arrays under the same names; weights are zero until a ``Sequential`` draws
      them. The arrays are parts of the network's: write into them, ``layer.parameters["kernel"][...] = values``;
      another array cannot take their place.
    - ``state`` holds arrays gathered while training, which are saved with the parameters.
    - ``training`` is what ``Sequential.train`` and ``eval`` set.

    Plain layers name an operation of ``ops`` and say no more; the others replace ``forward`` and ``backward`` both.
    """

    operation = ""
    _call = ""

    def __new__(cls, *positional: Any, **named: Any) -> Self:  # noqa: D102 - only notes the call, for __repr__
        layer = super().__new__(cls)
        layer._call = ", ".join([*map(repr, positional), *(f"{name}={value!r}" for name, value in named.items())])
        return layer

    def __init__(self, *, shapes: dict[str, tuple[int, ...]] | None = None, **arguments: Any):
        self.arguments = arguments
        self._parameters: Arrays = {name: np.zeros(shape, np.float32) for name, shape in (shapes or {}).items()}
        self._gradients: Arrays = {name: np.zeros_like(array) for name, array in self._parameters.items()}
        self.state: Arrays = {}
        self.training = True
        self._kept: dict[str, Any] = {}  # from one forward to its backward; buffers, from step to step

    @property
    def parameters(self) -> Mapping[str, np.ndarray]:
        """The parameters by name; the arrays can be written into, not replaced."""
        return MappingProxyType(self._parameters)

    @property
    def gradients(self) -> Mapping[str, np.ndarray]:
        """The gradients of the parameters, by the same names; written into, not replaced."""
        return MappingProxyType(self._gradients)

    def adopt(self, name: str, parameter: np.ndarray, gradient: np.ndarray) -> None:
        """Move a parameter and its gradient into the arrays given, parts of a network's, and keep them there."""
        for own, array in ((self._parameters, parameter), (self._gradients, gradient)):
            array[...] = own[name]
            own[name] = array

    def initialise(self, rng: np.random.Generator, draw: Draw) -> None:
        """Draw new weights; biases, scales and shifts stay as they are."""
        for array in self.parameters.values():
            if array.ndim > 1:
                array[...] = draw(array.shape, rng)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the output for x; it may lie in a buffer that the next call writes anew.

        Raises:
            ShapeError: x does not fit.
        """
        self._kept["inputs"] = inputs = self._inputs(x)
        return PRIMITIVES[self.operation].forward(*inputs, **self.arguments)

    def backward(self, grad: np.ndarray, *, input_gradient: bool = True) -> np.ndarray:
        """Return the gradient of the x of the last ``forward``, and keep the gradients of the parameters.

        Without ``input_gradient`` what is returned means nothing; layers that can save work do.
        """
        gradients = PRIMITIVES[self.operation].backward(grad, *self._kept["inputs"], **self.arguments)
        for name, gradient in self.gradients.items():
            gradient[...] = getattr(gradients, name)
        return getattr(gradients, "x", gradients)  # of one differentiable input it is the gradient itself

    def _inputs(self, x: np.ndarray) -> tuple[np.ndarray | None, ...]:
        """Return the arrays that the operation takes, in its order."""
        names = PRIMITIVES[self.operation].inputs[1:]
        return (x, *(self.parameters.get(name) for name in names))

    def _buffer(self, name: str, like: np.ndarray) -> np.ndarray:
        """Return an array as ``like`` is, in shape, type and order in memory; the same one as long as it fits."""
        buffer = self._kept.get(name)
        if buffer is None or (buffer.shape, buffer.strides, buffer.dtype) != (like.shape, like.strides, like.dtype):
            buffer = self._kept[name] = np.empty_like(like)
        return buffer

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_kept": {}}  # a copy of the layer makes its own buffers

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._call})"
