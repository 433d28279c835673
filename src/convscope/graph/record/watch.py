"""The value of one node while a network runs as it is, gradients and all: nothing is hooked to any of its modules."""

# What a call is given and returns has no known types.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

from convscope.errors import ConfigError
from convscope.graph.record import Recording
from convscope.graph.record.names import METADATA_CALLS, name_of
from convscope.graph.record.nested import tensors_in


@dataclass(frozen=True)
class Place:
    """Which call of a forward makes a node: the number of the call as users write them, its name, which result.

    ``shape`` is that of one example.
    """

    call: int
    name: str
    result: int
    shape: tuple[int, ...]


def place_of(recording: Recording, node: str) -> Place | None:
    """Return the place of a node in its network's forward; None where it is no result of a call of PyTorch's own."""
    graph = recording.graph
    key = recording.places.get(graph.nodes.index(graph[node]))
    if key is None or min(key) < 0:
        return None
    number, result = key
    calls = recording.calls
    if calls[number].inner:  # its value counts where a function that users call returns it
        outer = max(at for at in range(number) if not calls[at].inner)
        inside, returned = calls[number].result, calls[outer].result
        same = [] if inside is None else [each is tensors_in(inside)[result] for each in tensors_in(returned)]
        if not any(same):
            return None
        number, result = outer, same.index(True)
    return Place(sum(not call.inner for call in calls[:number]), calls[number].name, result, graph[node].shape)


class Watch(TorchFunctionMode):
    """Tells ``keep`` the tensor at a place as soon as it is there; all calls run as they are."""

    def __init__(self, place: Place, keep: Callable[[Tensor], None]):
        super().__init__()
        self.place, self.keep = place, keep
        self._count = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        name = name_of(func)
        if name in METADATA_CALLS:
            return result
        if self._count == self.place.call:
            self._found(name, tensors_in(args[:1] if result is None else result))
        self._count += 1
        return result

    def _found(self, name: str, results: list[Tensor]) -> None:
        place = self.place
        tensor = results[place.result] if name == place.name and len(results) > place.result else None
        if tensor is None or tensor.shape[1:] != place.shape[1:]:
            raise ConfigError(
                f"the network takes another way with these inputs: its call {place.call} is {name}, and was "
                f"{place.name} when it was recorded"
            )
        self.keep(tensor)
