"""``convscope models``: the networks that can be trained."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from convscope.cli.output import out, show_json, table


def models(*, as_json: Annotated[bool, Parameter(name="--json", negative="")] = False) -> int:
    """List the networks, with their weights on 28×28 grey images of ten classes.

    Parameters
    ----------
    as_json
        Print JSON.
    """
    from convscope.models import count_weights, entry, names

    rows = []
    for name in names():
        e = entry(name)
        classes = 2 if name == "single_kernel" else 10
        rows.append(
            {
                "name": name,
                "weights": count_weights(name, classes=classes, channels=1, size=(28, 28)),
                "summary": e.summary,
                "source": e.source,
            }
        )
    if as_json:
        show_json(rows)
    else:
        cells = [(r["name"], f"{r['weights']:,}", r["summary"], r["source"]) for r in rows]
        out.print(table(("model", "weights", "what it is", "after"), cells, right=("weights",)))
    return 0
