"""What a view on a network shows at first, as a picture: for places that show neither widgets nor HTML, such as a PDF.

A line of ``FIGURES`` and a function each, from the same answers as the view itself. Views that need no network have
none: they are alive in any HTML, and their examples are known to the browser alone.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from convscope.errors import Error

if TYPE_CHECKING:
    from convscope.explorer.answer import Answer
    from convscope.report.figures.style import Figure
    from convscope.widgets.view import View

DPI, COLOURS = 80, 64  # a notebook keeps the picture: enough to recognise, no more
MOST_MAPS, MOST_LINES, MOST_EXAMPLES, ACROSS = 16, 6, 12, 8


def png(view: View) -> bytes | None:
    """Return the first state of a view as a small PNG file, ``None`` where there is nothing to draw."""
    if view.name not in FIGURES:
        return None
    from PIL import Image

    from convscope.report.figures import style

    drawn, small = io.BytesIO(), io.BytesIO()
    with style.applied():
        try:
            figure = FIGURES[view.name](view)
        except Error:  # what cannot be answered is said where the view itself is shown
            return None
        if figure is None:
            return None
        figure.savefig(drawn, format="png", dpi=DPI)
    Image.open(drawn).convert("RGB").quantize(COLOURS).save(small, "PNG", optimize=True)
    return small.getvalue()


def _maps(view: View) -> Figure | None:
    answer = _first(view)[-1]
    maps = answer.arrays["maps"][:MOST_MAPS]
    if maps.ndim not in (2, 3):
        return None
    low, high = np.moveaxis(answer.arrays["ranges"], 1, 0)
    values = {at: low[at] + each / 255 * (high[at] - low[at]) for at, each in enumerate(maps)}
    if maps.ndim == 2:  # of a signal or a text
        from convscope.report.figures.panels import lines

        few = {f"map {at}": values[at] for at in list(values)[:MOST_LINES]}
        return lines(few, None, "place", str(answer.values["node"]))
    return _pictures({f"{answer.values['node']}, map {at}": each for at, each in values.items()})


def _trace(view: View) -> Figure:
    from convscope.report.figures import trace
    from convscope.report.trace import inputs_seen
    from convscope.tracing.terms import trace_number

    assert view.session is not None
    forward = view.session.forward(view.session.run(view.state["run"]), view.state["image"])
    place = tuple(map(int, view.state["at"].split(","))) if view.state.get("at") else None
    number = trace_number(forward, view.state.get("node"), place)
    return trace.draw([number], inputs_seen(number))


def _classes(view: View) -> Figure | None:
    (answer,) = _first(view)
    if "logits" not in answer.arrays or not answer.values["classes"]:
        return _pictures({str(answer.values["id"]): answer.arrays["pixels"]}) if "pixels" in answer.arrays else None
    from convscope.explaining.temperature import probabilities
    from convscope.report.figures.panels import bars

    chances = probabilities(answer.arrays["logits"], float(view.state.get("temperature", 1)))
    return bars(dict(zip(answer.values["classes"], chances.tolist(), strict=True)), "Probability", "{:.3f}")


def _explain(view: View) -> Figure | None:
    answer = _first(view)[-1]
    if "pixels" not in answer.arrays or "map" not in answer.arrays:
        return None
    return _pictures({"the example": answer.arrays["pixels"], str(answer.values["title"]): answer.arrays["map"]})


def _components(view: View) -> Figure | None:
    answer = _first(view)[-1]
    parts = answer.arrays["parts"]
    if parts.ndim != 3:
        return None
    shown = {f"channel {at}, filtered": each for at, each in enumerate(parts[: MOST_MAPS - 1])}
    left_out = f", with {len(parts) - len(shown)} others" if len(parts) > len(shown) else ""
    sum_of_all = f"{answer.values['node']}, map {answer.values['channel']}: the sum{left_out}"
    return _pictures({**shown, sum_of_all: answer.arrays["engine"]})


def _field(view: View) -> Figure | None:
    from convscope.report.figures import field

    _, *examples, answer = _first(view)
    if "seen" not in answer.arrays:
        return None
    seen = answer.arrays["seen"] > 0
    pixels = examples[0].arrays.get("pixels") if examples else None
    shown = np.full(seen.shape, 0.6) if pixels is None or pixels.shape[:2] != seen.shape else pixels / 255
    unit = f"{answer.values['node']} [{', '.join(map(str, answer.values['at']))}]"
    return field.draw(shown, seen, f"What {unit} sees", f"{answer.values['count']:,} of {seen.size:,} places")


def _layers(view: View) -> Figure:
    (answer,) = _first(view)
    layers = answer.values["inspection"]["layers"]
    return _costs({layer["name"]: layer["multiplications"] for layer in layers})


def _whatif(view: View) -> Figure:
    (answer,) = _first(view)
    return _costs({row["name"]: row["after"]["multiplications"] for row in answer.values["rows"] if row["after"]})


def _data(view: View) -> Figure | None:
    answer = _first(view)[0]
    if "thumbnails" not in answer.arrays:
        return None
    rows = answer.values["rows"][:MOST_EXAMPLES]
    truth = ["" if row["right"] or "label" not in row else f", is {row['label']}" for row in rows]
    titles = [f"{at + 1}: {row.get('prediction', '')}{truth[at]}" for at, row in enumerate(rows)]
    return _pictures(dict(zip(titles, answer.arrays["thumbnails"], strict=False)), MOST_EXAMPLES // 2)


def _embedding(view: View) -> Figure:
    from convscope.report.figures.panels import points

    (answer,) = _first(view)
    return points(answer.arrays["points"], "first direction", "second direction")


def _curves(view: View) -> Figure | None:
    from convscope.report.figures.panels import lines

    answers = [answer for answer in _first(view)[1:] if "steps/loss" in answer.arrays]
    if not answers:
        return None
    steps = answers[0].arrays["steps/step"]
    if any(len(answer.arrays["steps/step"]) != len(steps) for answer in answers):
        return lines({str(answer.values["name"]): answer.arrays["epochs/valid_loss"] for answer in answers}, None,
                     "epoch", "validation loss")  # fmt: skip
    return lines({str(answer.values["name"]): answer.arrays["steps/loss"] for answer in answers}, steps.tolist(),
                 "step", "loss")  # fmt: skip


FIGURES: dict[str, Callable[[View], Figure | None]] = {
    "maps": _maps,
    "trace": _trace,
    "classes": _classes,
    "explain": _explain,
    "components": _components,
    "field": _field,
    "layers": _layers,
    "whatif": _whatif,
    "data": _data,
    "embedding": _embedding,
    "curves": _curves,
}


def _first(view: View) -> list[Answer]:
    """Return the answers to what a view asks as it is shown."""
    assert view.session is not None and view.asks is not None
    addresses = iter(view.asks(view.session, view.state))
    return [view.ask(address) for _, address in zip(range(view.first), addresses, strict=False)]


def _pictures(images: Mapping[str, np.ndarray], across: int = ACROSS) -> Figure:
    from convscope.report.figures.panels import pictures

    return pictures(images, across)


def _costs(multiplications: Mapping[str, float | None]) -> Figure:
    from convscope.report.figures.panels import bars

    return bars({name: float(each or 0) for name, each in multiplications.items()}, "Multiplications", "{:,.0f}")
