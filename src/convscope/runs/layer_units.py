"""What some channels of a layer look for, as plain data: their fields, the patches they answer most, their pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convscope.analysis.effective_field import EffectiveField
from convscope.data.pictures import Display
from convscope.explaining.activation_maximisation import Maximised
from convscope.explaining.top_patches import Patch
from convscope.explaining.units import SeenArea


@dataclass(frozen=True, eq=False)
class TopExample:
    """A patch that a channel answers most: the example's ``id`` and ``label``, and its ``raw`` numbers (C, *sizes)."""

    patch: Patch
    id: str
    label: str
    raw: np.ndarray


@dataclass(frozen=True, eq=False)
class ChannelUnits:
    """One channel: what its unit in the place looked at sees, how much of it it uses, and its top patches.

    ``name`` is what a channel of the output is called, "" in other layers.
    ``effective`` is ``None`` where no input moves the unit; ``below`` (C, *space) are the raw numbers of the input that
    the fields are laid over, ``below_id`` its name; ``None`` and "" where there is none. ``top`` is empty where the
    examples could not be read.
    """

    channel: int
    name: str
    seen: SeenArea
    effective: EffectiveField | None
    below: np.ndarray | None
    below_id: str
    top: tuple[TopExample, ...]

    @property
    def title(self) -> str:
        """The number of the channel, and its name where it has one."""
        return f"channel {self.channel}" + (f": {self.name}" if self.name else "")


@dataclass(frozen=True, eq=False)
class LayerUnits:
    """Some channels of a ``node``, at the place ``at`` (*places) of it, empty where it has none.

    ``measured`` says on what the effective fields were measured. ``inputs`` of the ``split`` were looked at for top
    patches. ``maximised`` are the pictures that make each channel largest, ``pictures`` (P, C, *space) the same as raw
    numbers. ``display`` says how numbers of images are shown, ``None`` for signals. ``notes`` are what is to be told.
    """

    network: str
    node: str
    op: str
    at: tuple[int, ...]
    channels: tuple[ChannelUnits, ...]
    measured: str
    split: str = ""
    inputs: int = 0
    maximised: Maximised | None = None
    pictures: np.ndarray | None = None
    display: Display | None = None
    notes: tuple[str, ...] = ()
