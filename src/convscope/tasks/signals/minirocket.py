"""The 84 kernels of MiniRocket (Dempster, Schmidt and Webb 2021): nine weights, three of them 2 and six -1."""

from __future__ import annotations

from itertools import combinations

LENGTH = 9  # weights of a kernel, which add up to 0
PLACES = tuple(combinations(range(LENGTH), 3))  # of each kernel, where its weight is 2
