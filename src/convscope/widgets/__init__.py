"""The views of the page in a notebook, and as pages of their own.

>>> import convscope as cs
>>> view = cs.widgets.correlate2d(kernel="Sobel x")
>>> view.save("/tmp/convolution.html").exists()  # doctest: +SKIP
True

Views that need no network stay alive in exported notebooks. Those of a network ask the kernel while it runs; what was
saved of them holds the answers to what is shown, and some more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from convscope.widgets.view import View

if TYPE_CHECKING:
    from convscope.explorer.session import Session

__all__ = [
    "View",
    "arithmetic",
    "classes",
    "classical",
    "correlate1d",
    "correlate2d",
    "curves",
    "explain",
    "field",
    "layers",
    "maps",
    "pointwise",
    "pooling",
    "reach",
    "trace",
    "transposed",
    "used",
]

RUN, EXAMPLE = "network", "given:0"  # what a network and an example are called in a notebook's questions
ASKED = f"runs/{RUN}"


def correlate1d(**state: Any) -> View:
    """Return the window that slides along a signal; ``signal`` and ``kernel`` are names, or numbers with commas."""
    return View("correlate1d", "Convolution in 1-D", {name: _text(value) for name, value in state.items()})


def correlate2d(image: Any = None, kernel: Any = None, **state: Any) -> View:
    """Return the window that walks over an image; ``image`` (H, W) or (H, W, C) between 0 and 1, ``kernel`` a name."""
    named = {} if kernel is None else {"kernel": kernel if isinstance(kernel, str) else _rows(kernel)}
    return View("correlate2d", "Convolution in 2-D", {**named, **state}, _pixels(image))


def classical(image: Any = None, **state: Any) -> View:
    """Return blur and Canny's edges step by step; ``image`` (H, W) or (H, W, C) between 0 and 1."""
    return View("classical", "Blur and Canny", dict(state), _pixels(image))


def _plain(name: str, title: str) -> Callable[..., View]:
    def made(**state: Any) -> View:
        return View(name, title, dict(state))

    made.__name__ = made.__qualname__ = name
    made.__doc__ = f"Return the view “{title}”, which needs no network; ``state`` are the places of its sliders."
    return made


arithmetic = _plain("arithmetic", "Sizes and costs")
pooling = _plain("pooling", "Pooling")
transposed = _plain("transposed", "Transposed convolution")
pointwise = _plain("pointwise", "1×1 convolution")
reach = _plain("reach", "Receptive field")
used = _plain("used", "How often a pixel is used")


def maps(network: Any, x: Any, node: str = "", **state: Any) -> View:
    """Return every feature map of one example, layer by layer; ``network`` and ``x`` are as ``cs.trace`` takes them."""

    def asks(session: Session) -> Iterable[str]:
        yield from (ASKED, _address(f"images/{EXAMPLE}"))
        graph = session.run(RUN).inspection.graph
        for each in sorted(graph.nodes, key=lambda one: one.name != node):
            channel = state.get("channel", 0) if each.name == node else 0
            yield _address(f"maps/{EXAMPLE}", node=each.name, **{"from": channel // 256 * 256, "n": 256})
            yield _address(f"maps/{EXAMPLE}", node=each.name, **{"from": channel, "n": 1, "exact": 1})

    return _of(network, x, "maps", "Feature maps", {"node": node, **state}, asks, 4)


def trace(network: Any, x: Any, node: str = "", at: Sequence[int] = (), **state: Any) -> View:
    """Return one number of a network as its products; the arguments are those of ``cs.trace``."""
    place = ",".join(map(str, at))

    def asks(session: Session) -> Iterable[str]:
        from convscope.tracing.terms import trace_number

        yield _address(f"images/{EXAMPLE}")
        yield _address(f"trace/{EXAMPLE}", node=node, at=place)
        for each in trace_number(session.forward(session.run(RUN), EXAMPLE), node or None, tuple(at) or None).chain():
            yield _address(f"trace/{EXAMPLE}", node=each.node, at=",".join(map(str, each.at)))

    return _of(network, x, "trace", "One number, opened", {"node": node, "at": place, **state}, asks, 2)


def classes(run: Any, x: Any, **state: Any) -> View:
    """Return the answer of a run to one example, with its probabilities under a temperature."""
    return _of(run, x, "classes", "The answer", state, lambda session: [_address(f"images/{EXAMPLE}")])


def explain(run: Any, x: Any, method: str = "gradcam", **state: Any) -> View:
    """Return what a run's answer to one example rests on, with the verdict on each method.

    ``method`` is one, or two with a comma between that stand side by side.
    """
    named = method.split(",")

    def asks(session: Session) -> Iterable[str]:
        yield ASKED
        for each in dict.fromkeys((*named, "ig", "gradcam", "gradient", "lrp")):
            yield _address(f"explain/{EXAMPLE}", method=each, target=state.get("target", ""))

    return _of(run, x, "explain", "What the answer rests on", {"method": method, **state}, asks, 1 + len(named))


def field(network: Any, x: Any = None, node: str = "", at: Sequence[int] = (), **state: Any) -> View:
    """Return which inputs a unit of a network sees, over an example."""
    place = ",".join(map(str, at))

    def asks(session: Session) -> Iterable[str]:
        yield from (ASKED, _address(f"images/{EXAMPLE}"))
        for each in session.run(RUN).inspection.graph.nodes:
            yield _address("field", node=each.name)

    return _of(network, x, "field", "Receptive fields", {"node": node, "at": place, **state}, asks, 3)


def layers(network: Any, x: Any = None, **state: Any) -> View:
    """Return a network drawn, with shapes, costs and receptive fields."""
    return _of(network, x, "layers", "The network", state, lambda session: [ASKED])


def curves(*runs: Any, **state: Any) -> View:
    """Return how trainings went, or go, over one another; of a run that is trained now its folder."""
    from convscope.explorer.session import session_of

    session = session_of([getattr(run, "folder", run) for run in runs])
    first, *others = session.runs
    asked = [f"runs/{quote(name, safe='')}/history" for name in session.runs]
    shown = {"run": first, "others": ",".join(others), **state}
    return View("curves", "The training", shown, {}, session, lambda _: ["runs", *asked], 1 + len(asked))


def _of(
    network: Any, x: Any, name: str, title: str, state: Any, asks: Callable[[Session], Iterable[str]], first: int = 1
) -> View:
    """Return a view on a network and one example."""
    from convscope.explorer.session import session_on

    session = session_on(RUN, network, {} if x is None else {EXAMPLE: x})
    example = {} if x is None else {"image": EXAMPLE}
    return View(name, title, {"run": RUN, **example, **_filled(state)}, {}, session, asks, first)


def _address(path: str, **options: Any) -> str:
    """Return a question as the page writes it, so that what is embedded is found."""
    words = "/".join(quote(word, safe="") for word in path.split("/"))
    query = urlencode(_filled(options))
    return f"{ASKED}/{words}{f'?{query}' if query else ''}"


def _filled(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value not in ("", None)}


def _pixels(image: Any) -> dict[str, Any]:
    """Return an image as the page takes it: channels of rows of numbers."""
    if image is None:
        return {}
    import numpy as np

    values = np.asarray(image, dtype=float)
    if values.ndim not in (2, 3) or not np.isfinite(values).all():
        from convscope.errors import ShapeError

        raise ShapeError(f"expected an image (H, W) or (H, W, C) of finite numbers, found {values.shape}")
    channels = values[None] if values.ndim == 2 else np.moveaxis(values, -1, 0)[:3]
    return {"pixels": [[[float(number) for number in row] for row in channel] for channel in channels]}


def _text(value: Any) -> Any:
    return value if isinstance(value, str | int | float) else ",".join(f"{number:g}" for number in value)


def _rows(kernel: Any) -> str:
    """Return a kernel as it is typed: rows with semicolons between, numbers with commas."""
    return ";".join(",".join(f"{number:g}" for number in row) for row in kernel)
