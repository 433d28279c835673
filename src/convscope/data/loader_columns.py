"""The columns of a split as a loader reads them: what a network sees, and what it is trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from convscope.data.columns import Column, RaggedBatch, Values, in_memory
from convscope.data.dataset import Split
from convscope.data.device import sent, settled_on
from convscope.data.transforms import Form, TextTransform, ToTensor
from convscope.data.transforms.placement import placed

FOLLOWING = ("points", "mask", "instances")  # kinds of targets that lie in an image, and move with it
Encode = Callable[[Any], np.ndarray]  # stored targets (N, ...), of several sizes a RaggedBatch -> what is trained on


HELD, AT_ONCE = 4_000_000, 10_000  # tokens of a split that are held; texts of which they are made together


class Tokens(NamedTuple):
    """What a network sees of k texts: tokens (k, L), 0 behind the end, and how many there are of each, (k,)."""

    x: np.ndarray
    lengths: np.ndarray

    def of(self, at: np.ndarray) -> Tokens:
        """Return those of some texts, cut to the longest."""
        lengths = self.lengths.take(at)
        return Tokens(self.x.take(at, axis=0)[:, : lengths.max()], lengths)


@dataclass(frozen=True, eq=False)
class InputColumn:
    """A column of the split, numbered from 0, and how it becomes what the network sees."""

    column: Column
    transform: ToTensor
    form: Form

    @cached_property
    def settled(self) -> Tensor | None:
        """All its raw values, on a device that has memory of its own and room for them."""
        return settled_on(self.form.device, self.column)

    @cached_property
    def held(self) -> Tokens | None:
        """The tokens of all its texts, where they are few: made once, not anew in each epoch."""
        if not isinstance(self.transform, TextTransform) or self.form.device != "cpu" or len(self.column) > HELD:
            return None
        rows, parts, longest = np.arange(len(self.column)), [], 1
        for at in range(0, len(rows), AT_ONCE):
            tokens = self.transform.tensor(self.column.take(rows[at : at + AT_ONCE])).numpy().astype(np.int32)
            parts.append(tokens)
            longest = max(longest, tokens.shape[1])
            if longest * len(rows) > HELD:
                return None
        x = np.zeros((len(rows), longest), np.int32)
        for at, tokens in enumerate(parts):
            x[at * AT_ONCE : (at + 1) * AT_ONCE, : tokens.shape[1]] = tokens
        return Tokens(x, (x != 0).sum(1))

    def stream(self, wanted: Iterable[np.ndarray]) -> Iterator[Any]:
        """Yield the raw values at each of the positions (k,) ``wanted``, or the tokens of texts that are held."""
        if (held := self.held) is not None:
            return map(held.of, wanted)
        if (there := self.settled) is None:
            return self.column.stream(wanted)
        return (there[sent(at, self.form.device)] for at in wanted)

    def tensor(self, values: Any) -> Tensor:
        """Return network input of what ``stream`` gave."""
        if isinstance(values, Tokens):
            return torch.from_numpy(values.x.astype(np.int64))
        return self.transform.tensor(values, self.form)


class TargetColumn:
    """A column of the split that is learned, numbered from 0.

    An array in memory is encoded once and held, on the ``device``. Any other column is read and encoded batch by batch,
    as inputs are: ``raw`` values are what ``stream`` gives.
    """

    def __init__(self, split: Split, name: str, encode: Encode | None, device: str):
        self.column = split.column(name)
        self.spec, self.encode, self.device = self.column.spec, encode, device
        self._placements = split.placements if self.spec.kind == "points" else None
        self._stored: Values | None = None
        self._encoded: Tensor | None = None
        if in_memory(self.column):
            stored = self._in_frame(slice(None), self.column.take(np.arange(len(self.column))))
            self._encoded = self.tensor_of(stored)
            self._stored = stored if self.spec.kind in FOLLOWING else None  # a label is never moved with its image

    @property
    def streams(self) -> bool:
        """Whether it is read batch by batch."""
        return self._encoded is None

    def stream(self, wanted: Iterable[np.ndarray]) -> Iterator[Values]:
        """Yield the raw values at each of the positions (k,) ``wanted``."""
        return self.column.stream(wanted)

    def tensor(self, at: np.ndarray | slice, raw: Values | None = None) -> Tensor:
        """Return what is trained on at positions ``at`` (N,); where it ``streams``, of the ``raw`` values there."""
        if self._encoded is None:
            return self.tensor_of(self.stored(at, raw))
        return self._encoded[at if isinstance(at, slice) else sent(at, self.device)]

    def stored(self, at: np.ndarray | slice, raw: Values | None = None) -> Values:
        """Return the values as they are in the stored examples: points in their pixels, all else as given."""
        if isinstance(self._stored, np.ndarray):
            return self._stored[at]
        assert raw is not None
        return self._in_frame(at, raw)

    def tensor_of(self, stored: Values) -> Tensor:
        """Return what is trained on of some stored values; without a rule of their task sizes are made equal."""
        if self.encode is not None:
            encoded = self.encode(stored)
        elif isinstance(stored, RaggedBatch):
            encoded = stored.padded(self.spec.ignore or 0)
        else:
            encoded = stored
        return torch.from_numpy(encoded).to(self.device)

    def _in_frame(self, at: np.ndarray | slice, values: Values) -> Values:
        if self._placements is None:
            return values
        assert isinstance(values, np.ndarray)
        return placed(values, self._placements[at])
