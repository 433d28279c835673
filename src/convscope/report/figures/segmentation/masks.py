"""Images beside their true and predicted masks, and what is wrong between the two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch

from convscope.data.pictures import Display
from convscope.report.contents import Contents
from convscope.report.figures.style import BLUE, INK, MUTED, ORANGE, WIDE, Drawing, canvas
from convscope.report.sections.segmentation.contents import Masked, Shown
from convscope.report.text import file_name, shorten

LARGEST = 320  # pixels of a side that are drawn; larger images are thinned out
FAINT = 0.45  # of a mask over its image
# Told apart with any colour vision (Okabe and Ito 2008); the first class is left clear.
COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#999999")
VOID = "#7f7f7f"


def draw(contents: Contents) -> Drawing | None:
    """Draw the best, middle and worst images of the judged split, a row each."""
    own: Masked = contents.own
    if not own.shown:
        return None
    return _rows(
        own.shown, own.names, ("true mask", "predicted mask", "errors"), "Best, middle and worst masks",
        f"The images with the highest {contents.main.title}, those in the middle, and the lowest. To the right orange"
        " is what was predicted and is not there, blue what is there and was missed; in between pixels of another class"
        " are orange. Grey is not scored.",
    )  # fmt: skip


def trained_on(contents: Contents) -> Drawing | None:
    """Draw images that were trained on, with their masks."""
    own: Masked = contents.own
    if not own.trained_on:
        return None
    return _rows(own.trained_on, own.names, ("image", "mask"), "Training images", "Some of them, with their masks.")


def _rows(shown: Sequence[Shown], names: Sequence[str], heads: Sequence[str], title: str, reading: str) -> Drawing:
    thin = [_thinned(each) for each in shown]
    across = len(heads)
    tall = [each.image.shape[0] / each.image.shape[1] for each in thin]
    columns = 2 if across == 2 else 1
    down = -(-len(thin) // columns)
    wide = WIDE / (across * columns)
    heights = [max(tall[at : at + columns]) * wide + 0.25 for at in range(0, len(thin), columns)]
    figure = canvas(WIDE, sum(heights) + 0.35)
    panels = figure.subplots(down, across * columns, squeeze=False, height_ratios=heights)
    display = Display.of(np.stack([_sample(each.image) for each in thin]).transpose(0, 3, 1, 2))
    for axes in panels.ravel():
        axes.set_axis_off()
    for at, each in enumerate(thin):
        row = panels[at // columns, (at % columns) * across : (at % columns + 1) * across]
        _row(row, display.show(np.moveaxis(each.image, -1, 0)), each, errors=across == 3)
        name = shorten(file_name(each.id), 34)
        row[0].text(0, -0.02, name, transform=row[0].transAxes, fontsize=6, color=MUTED, va="top")
        if np.isfinite(each.figure):
            row[-1].set_title(f"{each.figure:.3f}", fontsize=8, color=INK, pad=3, loc="right")
        if at < columns:
            for axes, head in zip(row, heads, strict=True):
                axes.set_title(head, fontsize=8, color=INK, pad=3)
    _legend(figure, names, errors=across == 3)
    return Drawing(figure, title, reading)


def _row(panels: Sequence[Axes] | np.ndarray, picture: np.ndarray, each: Shown, *, errors: bool) -> None:
    rgb = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    rgb = rgb / 255 if rgb.dtype == np.uint8 else rgb
    if not errors:
        panels[0].imshow(rgb)
        panels[1].imshow(_over(rgb, each.truth))
        return
    assert each.predicted is not None
    panels[0].imshow(_over(rgb, each.truth))
    panels[1].imshow(_over(rgb, each.predicted))
    true, said = each.truth.classes, each.predicted.classes
    known = true != 255
    wrong = rgb * 0.75 + 0.25
    wrong[known & (said > 0) & (said != true)] = to_rgb(ORANGE)
    wrong[known & (true > 0) & (said == 0)] = to_rgb(BLUE)
    wrong[~known] = to_rgb(VOID)
    panels[2].imshow(wrong)


def _over(rgb: np.ndarray, mask: object) -> np.ndarray:
    """Return an image under its mask: each object its own colour where there are objects, else each class."""
    classes, objects = mask  # pyright: ignore[reportGeneralTypeIssues]
    numbers = classes.astype(np.int64) if objects is None else np.where(objects > 0, objects, 0).astype(np.int64)
    palette = np.array([to_rgb(colour) for colour in COLOURS])
    coloured = palette[(numbers - 1) % len(palette)]
    over = np.where((numbers > 0)[..., None], (1 - FAINT) * rgb + FAINT * coloured, rgb)
    over[classes == 255] = to_rgb(VOID)
    return over


def _legend(figure: object, names: Sequence[str], *, errors: bool) -> None:
    handles = []
    if len(names) > 2:
        handles = [Patch(color=COLOURS[at % len(COLOURS)], label=shorten(n, 18)) for at, n in enumerate(names[1:])]
    if errors:
        handles += [Patch(color=ORANGE, label="too much"), Patch(color=BLUE, label="missed")]
    if handles:
        figure.legend(handles=handles, loc="outside upper left", ncols=min(8, len(handles)), frameon=False)  # pyright: ignore


def _thinned(each: Shown) -> Shown:
    step = -(-max(each.image.shape[:2]) // LARGEST)
    if step == 1:
        return each

    def every(mask: object) -> object:
        return None if mask is None else type(mask)(*(None if m is None else m[::step, ::step] for m in mask))  # pyright: ignore

    return Shown(each.image[::step, ::step], every(each.truth), every(each.predicted), each.figure, each.id)  # pyright: ignore


def _sample(image: np.ndarray) -> np.ndarray:
    """Return 32 × 32 pixels spread over an image, to scale all images alike by."""
    rows, columns = (np.linspace(0, side - 1, 32).astype(int) for side in image.shape[:2])
    return image[rows[:, None], columns[None]]
