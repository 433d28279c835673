"""What turns one example into the numbers a network sees: the same object in train, evaluate, predict and report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

import numpy as np

from convscope.data.columns import RaggedBatch
from convscope.data.decode.encoded import Encoded
from convscope.data.spec import InputSpec, Kind
from convscope.data.transforms.placement import KEPT

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Form:
    """How tensors lie: on which device, and of images in which order.

    With ``plain`` the strides of a single channel are those of a fresh array; else torch may take it for channels last,
    and answer in that order, which code that calls ``view`` does not bear.
    """

    device: str = "cpu"
    channels_last: bool = False
    plain: bool = False


PLAIN = Form()


class Stored(NamedTuple):
    """One example as a column holds it, what was converted on the way, if anything, and how an image lies in there.

    ``placement`` is that of the image as it was given: see ``transforms.placement``.
    """

    values: np.ndarray
    note: str = ""
    placement: tuple[float, ...] = KEPT


class ToTensor(Protocol):
    """What makes network input of stored examples."""

    def tensor(self, stored: np.ndarray | RaggedBatch | Tensor, form: Form = PLAIN) -> Tensor:
        """Return the network's input (N, C, *space) float32 of stored examples (N, ...), which stay as they are."""
        ...


def noun_of(rule: Transform) -> str:
    """Return what an example is called to people: what the rule says of it, else what networks take."""
    return getattr(rule, "example", rule.input.noun)


class Transform(ToTensor, Protocol):
    """Fitted on the training split, saved with the weights; torch is imported when a tensor is first asked for."""

    kind: ClassVar[Kind]  # of the columns that it is for

    @property
    def input(self) -> InputSpec:
        """What it gives a network."""
        ...

    @property
    def part(self) -> tuple[int, ...] | None:
        """The size of the parts of examples that a network is trained on; ``None`` where it sees each whole."""
        ...

    def store(self, example: Encoded | np.ndarray) -> Stored:
        """Return one file or array as a column holds it; ``Unreadable`` says why it cannot be used."""
        ...

    def undo(self, x: Tensor) -> np.ndarray:
        """Return stored examples (N, ...) of network input, to look at."""
        ...

    def module(self) -> nn.Module:
        """Return the part that an exported network carries: raw numbers (N, C, *space) to its input."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        ...
