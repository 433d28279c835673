"""Where the codes of images lie, in the plane in which they differ most."""

from __future__ import annotations

from matplotlib import colormaps

from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, WIDE, Drawing, canvas
from convscope.report.sections.reconstruction.contents import GivenBack
from convscope.report.text import shorten

NAMED = 10  # kinds that have a colour each


def draw(contents: Contents) -> Drawing | None:
    """Draw a dot an image, coloured by its kind where the set says one."""
    own: GivenBack = contents.own
    if own.codes is None:
        return None
    figure = canvas(WIDE, 4.6)
    axes = figure.subplots()
    if own.kinds is None or len(own.names) > NAMED:
        axes.scatter(*own.codes.T, s=5, color=BLUE, linewidths=0, alpha=0.6)
    else:
        for kind, name in enumerate(own.names):
            mine = own.codes[own.kinds == kind]
            axes.scatter(*mine.T, s=6, color=colormaps["tab10"](kind), linewidths=0, alpha=0.7, label=shorten(name, 20))
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, markerscale=2)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xlabel(f"first principal component, {own.shares[0]:.0%} of the variance")
    axes.set_ylabel(f"second, {own.shares[1]:.0%}")
    coloured = (
        " Colours are what the set calls them, which the network was never told." if own.kinds is not None else ""
    )
    return Drawing(
        figure,
        "Codes of held-out images",
        f"Each dot is an image, in the plane in which codes differ most.{coloured}",
    )
