"""The sections of runs on texts, DNA and signals."""

from __future__ import annotations

from convscope.report.contents import Contents
from convscope.report.section import Section


def sections(contents: Contents) -> list[Section]:
    """Return what answers rest on, and what the first layer looks for; none for other inputs."""
    shown = contents.sequences
    if shown is None:
        return []
    from convscope.report.figures import sequences as figures

    explained = Section(
        "explained", "What the answers rest on", "sequences/explained.html.jinja",
        "A few that were right, and the worst mistakes",
        figures={
            "letters": figures.letters.draw, "bases": figures.bases.draw, "traces": figures.traces.draw,
            "typed": figures.typed.draw,
        },
        values={"check": shown.explanations.check if shown.explanations else ""},
    )  # fmt: skip
    first = Section(
        "first_layer", "What the first layer looks for", "sequences/first_layer.html.jinja",
        figures={"logos": figures.logos.draw, "firing": figures.firing.draw, "embeddings": figures.embeddings.draw},
        tables={name: table for name, table in (("windows", contents.windows), ("neighbours", shown.neighbours))
                if table is not None},
    )  # fmt: skip
    return [explained, first]
