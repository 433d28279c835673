"""The groups p4 (quarter turns) and p4m (quarter turns and mirrors): their tables, and what they do to images and maps.

The names are those of the plane's symmetry groups in Cohen and Welling 2016, "Group equivariant convolutional
networks"; shifts, which belong to them too, are left to the convolution.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Group:
    """Quarter turns, with or without mirrors: element g = 4·m + k mirrors left to right m times, then turns k times.

    Turns are counter-clockwise as seen. Element 0 changes nothing. Maps over the group are stored as (N, size·C, H, W)
    with the group outside: channel g·C + c holds feature c at element g.

    >>> P4M.size, P4M.describe(5)
    (8, 'mirrored and turned by 90°')
    """

    name: str
    mirrors: bool

    @property
    def size(self) -> int:
        """Return the number of elements."""
        return 8 if self.mirrors else 4

    def product(self, g: int, h: int) -> int:
        """Return the element that does h first and then g.

        >>> P4M.product(4, 1) == P4M.product(3, 4) == 7  # a mirror turns a quarter turn round
        True
        """
        (m, k), (n, j) = divmod(g, 4), divmod(h, 4)
        return 4 * (m ^ n) + (k - j if m else k + j) % 4

    def inverse(self, g: int) -> int:
        """Return the element that undoes g: a mirror undoes itself."""
        return g if g >= 4 else -g % 4

    def act(self, x: Tensor, g: int) -> Tensor:
        """Mirror and turn the last two axes of x (..., H, W): every value moves, none changes.

        >>> import torch
        >>> P4.act(torch.tensor([[1, 2], [3, 4]]), 1).tolist()
        [[2, 4], [1, 3]]
        """
        return (x.flip(-1) if g >= 4 else x).rot90(g % 4, (-2, -1))

    def act_on_maps(self, x: Tensor, g: int) -> Tensor:
        """Do to maps x (N, size·C, H, W) what mirroring and turning the image by g does to an equivariant layer's maps.

        Each map is mirrored and turned itself, and what stood at h stands at g·h (equation 8 of the paper).
        """
        inverse = self.inverse(g)
        sources = [self.product(inverse, h) for h in range(self.size)]
        return self.act(x.unflatten(1, (self.size, -1))[:, sources].flatten(1, 2), g)

    def describe(self, g: int) -> str:
        """Say in words what an element does."""
        mirrored, turned = ["mirrored"] * (g >= 4), [f"turned by {90 * (g % 4)}°"] * (g % 4 > 0)
        return " and ".join(mirrored + turned) or "as it is"


P4 = Group("p4", mirrors=False)
P4M = Group("p4m", mirrors=True)
