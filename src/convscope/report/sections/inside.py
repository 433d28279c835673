"""The section of a run that shows the inside of its network."""

from __future__ import annotations

from convscope.report.contents import Contents
from convscope.report.section import Section


def section(contents: Contents) -> Section:
    """Return the first kernels, feature maps of a right and a wrong example, and what the worst mistakes rest on."""
    from convscope.report.figures import inside as figures
    from convscope.report.figures import kernels

    return Section(
        "inside", "Inside the network", "run/inside.html.jinja", "What it looks for, and what its mistakes rest on",
        figures={"kernels": kernels.draw, "feature_maps": figures.pair.draw, "worst_maps": figures.worst.draw},
    )  # fmt: skip
