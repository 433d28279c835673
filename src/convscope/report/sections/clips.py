"""The section of runs on clips: what they look like, and how much their motion matters to the network."""

from __future__ import annotations

from typing import Any

from convscope.report.clips import moving
from convscope.report.contents import Contents
from convscope.report.section import Section
from convscope.report.tables import Table
from convscope.report.text import chance
from convscope.tasks import quantities
from convscope.tasks.metrics.comparison import named_test
from convscope.text import THIN, inside


def sections(contents: Contents) -> list[Section]:
    """Return the section, none for inputs that are no clips or volumes."""
    from convscope.report.figures import clips

    if contents.clips is None:
        return []
    motion = contents.metrics.get("motion")
    return [
        Section(
            "motion", "How much motion matters" if motion else f"The {contents.noun}s", "run/clips.html.jinja",
            figures={"clips": clips.draw},
            tables={"motion": _controls(contents, motion)} if motion else {},
            values={"moving": moving(contents.clips), "still": _is_still(contents, motion or ())},
        )
    ]  # fmt: skip


def _controls(contents: Contents, motion: list[dict[str, Any]]) -> Table:
    """Return the main figure with all frames, and under each control with the lead of all frames over it."""
    main, about = contents.metrics["main"], contents.main
    whole = (
        "all frames, in order",
        quantities.value(contents.figure, about),
        quantities.bounds(contents.figure, about),
    )
    rows = [
        (*whole, "", ""),
        *(
            (
                each["name"],
                quantities.value(each[main], about),
                quantities.bounds(each[main], about),
                quantities.lead(quantities.ahead(each["versus"]["difference"], about), about),
                chance(named_test(dict(each["versus"]))[1]),
            )
            for each in motion
        ),
    ]
    lead = ", ".join(filter(None, ("all frames lead by", quantities.unit(about))))
    titles = ("what the network sees", inside(about.title), f"95{THIN}% interval", lead, "p")
    return Table(titles, rows, (1, 2, 3, 4), ("", *(each["what"] for each in motion)))


def _is_still(contents: Contents, motion: Any) -> bool:
    """Return whether shuffled frames may be as good: nothing then says that the network uses motion."""
    ends = [
        quantities.ahead(each["versus"]["difference"], contents.main)["low"]
        for each in motion
        if each["name"] == "shuffled frames"
    ]
    return any(low is None or low <= 0 for low in ends)
