"""The methods of an explanation as a table, by how fast the score falls without what each marks."""

from __future__ import annotations

from collections.abc import Sequence

from convscope.errors import ConfigError
from convscope.explaining.checks.ranking import ranking
from convscope.explaining.checks.result import Checks
from convscope.report.tables import Table


def ranked(checks: Sequence[Checks]) -> Table | None:
    """Return the methods as a table, the best first: how fast the score falls without what each marks.

    ``None`` where fewer than two were checked on the same examples.
    """
    if len(checks) < 2:
        return None
    try:
        result = ranking(checks)
    except ConfigError:  # some were checked on fewer examples
        return None
    fills = [place.fill for place in result.rows[0].places]
    marks = {True: "yes", False: "no", None: "uncertain"}
    rows = [
        (row.name, *(f"{place.area.value:.3g}" for place in row.places), marks[row.passed] if row.verdict else "")
        for row in result.rows
    ]
    titles = ("order of removal", *(f"mean score while removing (fill: {fill})" for fill in fills), "to be believed")
    return Table(titles, rows, tuple(range(1, 1 + len(fills))))
