"""A group (patient, tissue block, session) in two splits: the network can recognise the group instead of the
class."""

from __future__ import annotations

from collections.abc import Iterator

from convscope.data.examined import Examined
from convscope.data.notice import Notice
from convscope.text import EXAMPLES, count, pairs, part


def check(examined: Examined) -> Iterator[Notice]:
    """Notice groups that two splits share; images without a group (an empty name) belong to none."""
    if examined.groups is None:
        return
    for name, other, rows, others in pairs(examined.split):
        mine = examined.groups[rows].tolist()
        shared = sorted(set(mine).intersection(examined.groups[others].tolist()) - {""})
        if shared:
            inside = part(sum(map(set(shared).__contains__, mine)), len(rows), f"{name} {examined.noun}", "has", "have")
            yield Notice(
                f"groups-{name}-{other}",
                f"{count(len(shared), 'group')} of {name} also {'occurs' if len(shared) == 1 else 'occur'} in {other} "
                f"({inside} such a group): the {name} score is too good; give each group to one split, or leave the "
                "splits to convscope",
                tuple(shared[:EXAMPLES]),
            )
