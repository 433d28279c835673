"""How results show themselves in a notebook: a title, and names beside values. Nothing is measured here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape


def card(title: str, rows: Mapping[str, object], *below: str) -> str:
    """Return a small HTML table of names and values under a title; ``below`` is HTML that follows.

    >>> card("<run>", {"accuracy": 0.9})
    '<div><b>&lt;run&gt;</b><table><tr><th style="text-align:left">accuracy</th><td>0.9</td></tr></table></div>'
    """
    cells = "".join(
        f'<tr><th style="text-align:left">{escape(name)}</th><td>{escape(str(value))}</td></tr>'
        for name, value in rows.items()
    )
    return f"<div><b>{escape(title)}</b><table>{cells}</table>{''.join(below)}</div>"


def grid(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return an HTML table with a head.

    >>> grid(["a"], [[1]])
    '<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>'
    """
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
