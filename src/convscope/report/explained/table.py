"""Explanations as rows: what each input was taken for, what of it is explained, and what is to be said of each map."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from convscope.explaining.explanation import Explanation


def columns(methods: Sequence[str]) -> tuple[str, ...]:
    """Return the titles of the table."""
    each = (f"{method}_{what}" for method in methods for what in ("file", "layer", "gap", "verdict"))
    return ("input", "label", "probability", "target", "target_probability", "score", *each, "note", "error")


def rows(explained: Iterable[tuple[Explanation, str]], methods: Sequence[str]) -> list[tuple[object, ...]]:
    """Return a row for each explanation and the name of its files."""
    return [tuple("" if cell is None else cell for cell in _row(each, name, methods)) for each, name in explained]


def _row(each: Explanation, name: str, methods: Sequence[str]) -> list[object]:
    answer = each.answer
    first = next(iter(each.maps.values()), None)
    score = None if first is None else f"{first.score:.6g}"
    cells: list[object] = [each.input, answer.get("label"), _short(answer.get("probability")), each.target]
    cells += [_short(each.probability), score]
    for method in methods:
        result = each.maps.get(method)
        if result is None:
            cells += ["", "", "", each.refused.get(method, "")]
            continue
        cells += [f"maps/{name}_{method}.png" if name else "", result.node, _short(result.gap), result.verdict]
    return [*cells, each.note, each.error]


def _short(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value
