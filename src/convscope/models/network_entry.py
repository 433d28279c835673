"""What the table of networks says of one: where it is built, what it takes, how it likes to be trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from convscope.data.spec import InputSpec

Form = Literal["numbers", "tokens"]
UNET = "unet:"  # before the name of an encoder
EITHER: tuple[Form, ...] = ("numbers", "tokens")


@dataclass(frozen=True)
class Entry:
    """One network: where its builder stands, what it is in a line, where it comes from, and how it likes to be trained.

    ``lr`` is AdamW's highest rate; ``channels_last`` says that its layers run faster with the channels innermost in
    memory, ``bfloat16`` that on a processor with instructions for it they run faster in it. ``channels``, ``side`` and
    ``classes`` are what it was published for: parameters and cost are told for them. ``head`` names the first of the
    network's children that belong to the classes and not to the features, where that is not the first one that pools to
    one value per channel or flattens the maps.

    ``space`` and ``axes`` say what it gives and takes, as ``OutputSpec`` and ``InputSpec`` do: one vector per image, or
    "same", one at each position, or "whole", an image of the one size that it takes. ``takes`` says whether it is
    given numbers, tokens or either; ``vocabulary`` is how many tokens there are, of a network that was published for
    texts. ``encoder`` names the network for classes whose features it begins with. ``mechanism`` says by what it looks
    beyond one place.
    ``flat`` names the network for images whose weights it can begin with, on each frame or with a third axis.
    ``compared`` are options with which it is made as large as other networks: a single layer of thousands of kernels is
    none that anyone would compare.
    """

    name: str
    builder: str
    summary: str
    source: str
    lr: float
    channels_last: bool = False
    bfloat16: bool = True
    channels: int = 1
    side: int = 28
    classes: int = 10
    head: str | None = None
    space: Literal["same", "whole"] | None = None
    axes: int = 2
    encoder: str | None = None
    vocabulary: int | None = None
    takes: tuple[Form, ...] = ("numbers",)
    mechanism: str = "convolution"
    compared: tuple[tuple[str, int], ...] = ()
    flat: str | None = None

    @property
    def input(self) -> InputSpec:
        """What it was published for."""
        channels = self.channels if self.vocabulary is None else 0
        return InputSpec(channels, (self.side,) * self.axes, self.vocabulary)

    @property
    def inputs(self) -> frozenset[tuple[int, Form]]:
        """What it can be given: numbers or tokens, along so many axes."""
        return frozenset((self.axes, form) for form in self.takes)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what it was published for: (channels, *space), of tokens (length,)."""
        return tuple(size for size in self.input.shape if size is not None)

    @property
    def family(self) -> str:
        """The family it belongs to, called as the file that builds it."""
        return "unet" if self.name.startswith(UNET) else self.builder.partition(":")[0].partition(".")[0]
