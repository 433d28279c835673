"""The ways to lay an image down: mirrored and turned by quarters, without loss, so that all of them can be seen."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from convscope.data.augment.policy import Policy

if TYPE_CHECKING:
    from torch import Tensor

Span = tuple[int, int]


@dataclass(frozen=True)
class View:
    """Turned by ``quarters`` counter-clockwise, then mirrored left to right, then upside down."""

    mirrored: bool = False
    inverted: bool = False
    quarters: int = 0

    def __call__(self, x: Tensor) -> Tensor:
        """Return images x (N, C, H, W) laid down so, in the same memory format."""
        import torch

        channels_last = not x.is_contiguous() and x.is_contiguous(memory_format=torch.channels_last)
        sides = [axis for axis, flipped in ((3, self.mirrored), (2, self.inverted)) if flipped]
        turned = torch.rot90(x, self.quarters, (2, 3)).flip(sides)
        return turned.contiguous(memory_format=torch.channels_last if channels_last else torch.contiguous_format)

    def undo(self, x: Tensor) -> Tensor:
        """Return images (N, C, H, W) that were laid down so as they were.

        >>> import torch
        >>> x, view = torch.arange(6).reshape(1, 1, 2, 3), View(mirrored=True, quarters=1)
        >>> bool((view.undo(view(x)) == x).all())
        True
        """
        import torch

        sides = [axis for axis, flipped in ((3, self.mirrored), (2, self.inverted)) if flipped]
        return torch.rot90(x.flip(sides), -self.quarters, (2, 3))

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Return the height and width of an image that is laid down so."""
        return (width, height) if self.quarters % 2 else (height, width)

    def shows(self, rows: Span, columns: Span, height: int, width: int) -> tuple[Span, Span]:
        """Return which rows and columns of an image a part of this view of it shows; each (first, behind the last).

        >>> View(quarters=1).shows((0, 1), (0, 2), 4, 6)  # the top of the view is the right side of the image
        ((0, 2), (5, 6))
        """
        view_height, view_width = self.size(height, width)
        if self.mirrored:
            columns = view_width - columns[1], view_width - columns[0]
        if self.inverted:
            rows = view_height - rows[1], view_height - rows[0]
        for _ in range(self.quarters % 4):  # a quarter back: what is above was on the right
            rows, columns = columns, (view_height - rows[1], view_height - rows[0])
            view_height, view_width = view_width, view_height
        return rows, columns


def views(policy: Policy) -> tuple[View, ...]:
    """Return the distinct views that a policy's ``hflip``, ``vflip`` and ``rot90`` can give, the plain one first.

    With quarter turns one mirror is enough: the other is it, turned by half.

    >>> [len(views(Policy.parse(words))) for words in ("rotate=10", "hflip", "hflip vflip", "rot90", "vflip rot90")]
    [1, 2, 4, 4, 8]
    """
    if policy.rot90:
        mirrors = (False, True) if policy.hflip or policy.vflip else (False,)
        return tuple(View(mirrored=m, quarters=q) for m, q in itertools.product(mirrors, range(4)))
    mirrored, inverted = ((False, True) if on else (False,) for on in (policy.hflip, policy.vflip))
    return tuple(View(mirrored=m, inverted=i) for i, m in itertools.product(inverted, mirrored))


def without_views(policy: Policy) -> Policy:
    """Return what else a policy does."""
    return replace(policy, hflip=False, vflip=False, rot90=False)
