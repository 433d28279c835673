"""``convscope trace``: one number of a network, down to the pixels and weights it is computed from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from convscope.cli.output import show_json
from convscope.cli.written import image_shape, place
from convscope.terminal.screen import say_warning
from convscope.views import trace as views

STEPS = 3  # products shown of each number on a way
LEVELS = 2  # of a tree, where none are asked for


def trace(
    network: str,
    image: str,  # no path: a text is to stay as it is
    /,
    *,
    node: str | None = None,
    at: str | None = None,
    follow: int | None = None,
    depth: int | None = None,
    input_: Annotated[str | None, Parameter(name="--input", negative="")] = None,
    out: Path | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Open one number of a network: its window, its kernel, each product, the bias, the sum, and PyTorch's value.

    Parameters
    ----------
    network
        Run folder, name of a network (see convscope models; its weights are random), or package.module:name.
    image
        Image file; for a run that takes texts a text, for one that takes signals a file of one, or FILE/ROW;
        a run scales it as in training, for any other network its pixels are divided by the largest of
        their type: 255, 65535, or 1 for floating ones.
    node
        Node of the network, as convscope inspect names it; by default the output.
    at
        Index of the number in the node, such as 4,10,12 (channel, row, column), or the number of a class; by default
        that of the largest number.
    follow
        Follow the operands of this many of the largest products: 1 leads down to one pixel, 2 or more make a tree.
    depth
        Number of levels to follow.
    input_
        Size to resize the image to, such as 3x224x224, for a network that does not fix it; by default its own.
    out
        Draw the number, and the path of its largest product down to a pixel, to this PNG or SVG file.
    as_json
        Print JSON.
    """
    from convscope.api.seen import seen
    from convscope.api.trace import trace as opened
    from convscope.tracing.follow import tree
    from convscope.tracing.table import chain_text, text, tree_text

    width, levels = _way(follow, depth)
    if out is not None:
        from convscope.report.picture import check_name

        check_name(out)
    traced = opened(network, image, node, place(at), input_shape=image_shape(input_))
    for note in traced.forward.graph.notes:
        say_warning(note)
    chain = traced.chain(levels)
    if out is not None:
        from convscope.report.trace import write_trace

        write_trace(chain, out)
    if as_json:
        show_json(views.trace(tree(traced, width, levels or len(chain) - 1) if width else traced))
    elif width > 1:
        print(tree_text(tree(traced, width, levels or LEVELS), STEPS))
    elif width:
        tables = [(traced, text(traced)), *((one, text(one, STEPS)) for one in chain[1:])]
        print("\n\n".join([*(_with_seen(table, seen(one)) for one, table in tables), chain_text(chain)]))
    else:
        print(_with_seen(text(traced), seen(traced)))
    if out is not None and not as_json:
        end = chain[-1]
        print(f"\ndrawn: {out}: {len(chain)} numbers, down to {end.node} ({', '.join(map(str, end.at))})")
    return 0


def _with_seen(table: str, seen: str) -> str:
    """Return a number's table with what it sees of a text or a signal below its head."""
    if not seen:
        return table
    head, _, rest = table.partition("\n")
    return "\n".join([head, f"  {seen}", *([rest] if rest else [])])


def _way(follow: int | None, depth: int | None) -> tuple[int, int | None]:
    """Return how many terms of each number to follow, and how many levels down (None: to the end)."""
    from convscope.errors import ConfigError

    for flag, value in (("--follow", follow), ("--depth", depth)):
        if value is not None and value < 1:
            raise ConfigError(f"{flag}: expected a whole number of at least 1, found {value}")
    width = follow if follow is not None else 1 if depth is not None else 0
    return width, depth or (LEVELS if width > 1 else None)
