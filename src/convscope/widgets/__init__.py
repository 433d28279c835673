"""The views of the page in a notebook, and as pages of their own.

>>> import convscope as cs
>>> view = cs.widgets.correlate2d(kernel="Sobel x")
>>> view.save("/tmp/convolution.html").exists()  # doctest: +SKIP
True

Views that need no network stay alive in exported notebooks. Those of a network ask the kernel while it runs; what was
saved of them holds the answers to what is shown, and some more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from convscope.widgets.view import Asks, View

if TYPE_CHECKING:
    from convscope.explorer.session import Session

__all__ = [
    "View",
    "arithmetic",
    "classes",
    "classical",
    "components",
    "correlate1d",
    "correlate2d",
    "curves",
    "data",
    "embedding",
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
    "whatif",
]

RUN, EXAMPLE = "network", "given:0"  # what a network and an example are called in a notebook's questions
ASKED = f"runs/{RUN}"
MOST_SIDE = {"correlate2d": 64, "classical": 160, "reach": 256}  # pixels of a picture's longer side, as on the page


def correlate1d(**state: Any) -> View:
    """Return the window that slides along a signal; ``signal`` and ``kernel`` are names, or numbers with commas."""
    return View("correlate1d", {name: _text(value) for name, value in state.items()})


def correlate2d(image: Any = None, kernel: Any = None, **state: Any) -> View:
    """Return the window that walks over an image (H, W) or (H, W, C); ``kernel`` is a name, or rows of numbers.

    Images are of bytes, or between 0 and 1, grey or red, green and blue (and opacity); larger ones are brought to a
    longer side of 64. Raises ``ShapeError``.
    """
    named = {} if kernel is None else {"kernel": kernel if isinstance(kernel, str) else _rows(kernel)}
    return _over("correlate2d", image, {**named, **state})


def classical(image: Any = None, **state: Any) -> View:
    """Return blur and Canny's edges step by step, over an image as ``correlate2d`` takes it."""
    return _over("classical", image, state)


def reach(image: Any = None, **state: Any) -> View:
    """Return what a unit of stacked layers sees of a picture, over an image as ``correlate2d`` takes it."""
    return _over("reach", image, state)


def _plain(name: str, about: str) -> Callable[..., View]:
    def made(**state: Any) -> View:
        return View(name, dict(state))

    made.__name__ = made.__qualname__ = name
    made.__doc__ = f"Return {about}; ``state`` are the places of its sliders."
    return made


arithmetic = _plain("arithmetic", "sizes and costs of stacked layers")
pooling = _plain("pooling", "pooling, window by window")
transposed = _plain("transposed", "transposed convolution, input by input")
pointwise = _plain("pointwise", "1×1 convolution, place by place")
used = _plain("used", "how often stacked windows use each pixel")


def maps(network: Any, x: Any, node: str = "", **state: Any) -> View:
    """Return every feature map of one example, layer by layer; ``network`` and ``x`` are as ``cs.trace`` takes them."""

    def asks(session: Session, state: Mapping[str, Any]) -> Iterable[str]:
        yield from (ASKED, _address(f"images/{EXAMPLE}"))
        graph = session.run(RUN).inspection.graph
        for each in sorted(graph.nodes, key=lambda one: one.name != state.get("node")):
            channel = int(state.get("channel", 0)) if each.name == state.get("node") else 0
            yield _address(f"maps/{EXAMPLE}", node=each.name, **{"from": channel // 256 * 256, "n": 256})
            yield _address(f"maps/{EXAMPLE}", node=each.name, **{"from": channel, "n": 1, "exact": 1})

    return _of(network, x, "maps", {"node": node, **state}, asks, 4)


def trace(network: Any, x: Any, node: str = "", at: Sequence[int] = (), **state: Any) -> View:
    """Return one number of a network as its products; the arguments are those of ``cs.trace``."""

    def asks(session: Session, state: Mapping[str, Any]) -> Iterable[str]:
        from convscope.tracing.terms import trace_number

        node, at = state.get("node", ""), state.get("at", "")
        yield _address(f"images/{EXAMPLE}")
        yield _address(f"trace/{EXAMPLE}", node=node, at=at)
        place = tuple(map(int, at.split(","))) if at else None
        for each in trace_number(session.forward(session.run(RUN), EXAMPLE), node or None, place).chain():
            yield _address(f"trace/{EXAMPLE}", node=each.node, at=",".join(map(str, each.at)))

    return _of(network, x, "trace", {"node": node, "at": ",".join(map(str, at)), **state}, asks, 2)


def classes(run: Any, x: Any, **state: Any) -> View:
    """Return the answer of a run to one example, with its probabilities under a temperature."""
    return _of(run, x, "classes", state, lambda *_: [_address(f"images/{EXAMPLE}")])


def explain(run: Any, x: Any, method: str = "gradcam", **state: Any) -> View:
    """Return what a run's answer to one example rests on, with the verdict on each method.

    ``method`` is one, or two with a comma between that stand side by side. Raises ``ConfigError`` for another name.
    """
    from convscope.explaining.explanation import methods_of

    methods_of(method)

    def asks(session: Session, state: Mapping[str, Any]) -> Iterable[str]:
        yield ASKED
        for each in dict.fromkeys((*str(state.get("method", method)).split(","), "ig", "gradcam", "gradient", "lrp")):
            yield _address(f"explain/{EXAMPLE}", method=each, target=state.get("target", ""))

    return _of(run, x, "explain", {"method": method, **state}, asks, 2 + method.count(","))


def components(network: Any, x: Any, node: str = "", channel: int = 0, **state: Any) -> View:
    """Return one map of a convolution as the sum of its input's channels, each filtered by its own kernel."""

    def asks(session: Session, state: Mapping[str, Any]) -> Iterable[str]:
        yield ASKED
        graph = session.run(RUN).inspection.graph
        shown = [node for node in graph.nodes if node.op == "correlate" and len(node.shape) > 2]
        chosen = int(state.get("channel", 0))
        for each in sorted(shown, key=lambda one: one.name != state.get("node")):
            for number in sorted(range(each.shape[1]), key=lambda one: one != chosen):
                yield _address(f"components/{EXAMPLE}", node=each.name, channel=number)

    return _of(network, x, "components", {"node": node, "channel": channel, **state}, asks, 2)


def field(network: Any, x: Any = None, node: str = "", at: Sequence[int] = (), **state: Any) -> View:
    """Return which inputs a unit of a network sees, over an example."""

    def asks(session: Session, state: Mapping[str, Any]) -> Iterable[str]:
        yield ASKED
        if x is not None:
            yield _address(f"images/{EXAMPLE}")
        nodes = [node for node in session.run(RUN).inspection.graph.nodes if node.op != "input" and node.batch == 0]
        usual = nodes[len(nodes) // 3].name if nodes else ""  # as the view chooses
        first = state.get("node", usual)
        yield _address("field", node=first, at=state.get("at", ""))
        for each in nodes:
            yield _address("field", node=each.name)

    first = 2 if x is None else 3
    return _of(network, x, "field", {"node": node, "at": ",".join(map(str, at)), **state}, asks, first)


def layers(network: Any, x: Any = None, **state: Any) -> View:
    """Return a network drawn, with shapes, costs and receptive fields; layers lead to the maps of an example ``x``."""
    return _of(network, x, "layers", state, lambda *_: [ASKED])


def whatif(network: Any, x: Any = None, node: str = "", **state: Any) -> View:
    """Return every shape and cost of a network again for another ``kernel``, ``stride`` or ``padding`` at ``node``."""

    def asks(session: Session, state: Mapping[str, Any]) -> Iterable[str]:
        chosen = {name: state.get(name, "") for name in ("node", "kernel", "stride", "padding")}
        yield _address("whatif", **chosen, fit=1 if state.get("fit") else "")
        for each in session.run(RUN).inspection.graph.nodes:
            yield _address("whatif", node=each.name)

    return _of(
        network,
        x,
        "whatif",
        {"node": node, **{name: value if isinstance(value, bool) else str(value) for name, value in state.items()}},
        asks,
    )


def data(run: Any, **state: Any) -> View:
    """Return the examples that a run is judged by, those that it got most wrong first; each leads to its answer."""

    def asks(session: Session, state: Mapping[str, Any]) -> Iterable[str]:
        chosen = {name: state.get(name, "") for name in ("label", "prediction")}
        order, first, only = state.get("sort", "worst"), state.get("from", 0), state.get("mistakes", False)
        masks = {"masks": state.get("masks", "truth").replace("none", "")}
        orders = [(order, only), *((sort, some) for sort in ("worst", "stored") for some in (False, True))]
        for at, (sort, some) in enumerate(orders):
            what = {"sort": sort, "from": first, "n": 48, "only": "mistakes" if some else "", **chosen, **masks}
            yield _address("images", **what)
            if not at:
                yield _address("counts")

    return _of(run, None, "data", state, asks, 2)


def embedding(run: Any, of: str = "", **state: Any) -> View:
    """Return which examples (``of`` = "examples"), or tokens of a table, a run treats alike, and their neighbours."""

    def asks(session: Session, state: Mapping[str, Any]) -> Iterable[str]:
        for kind in dict.fromkeys((state.get("of", ""), "examples", "tokens")):
            yield _address("embedding", of=kind)

    return _of(run, None, "embedding", {"of": of, **state}, asks)


def curves(*runs: Any, **state: Any) -> View:
    """Return how trainings went, or go, over one another; of a run that is trained now its folder."""
    from convscope.explorer.session import session_of

    session = session_of([getattr(run, "folder", run) for run in runs])
    first, *others = session.runs
    beside = ",".join(quote(name, safe="") for name in others)
    asked = ["runs", *(f"runs/{quote(name, safe='')}/history" for name in session.runs)]
    return View("curves", {"run": first, "beside": beside, **state}, {}, session, lambda *_: asked, len(asked))


def _of(network: Any, x: Any, name: str, state: Mapping[str, Any], asks: Asks, first: int = 1) -> View:
    """Return a view on a network and one example; ``Error`` where there is no such network or node."""
    from convscope.explorer.session import session_on

    session = session_on(RUN, network, {} if x is None else {EXAMPLE: x})
    if state.get("node"):
        _ = session.run(RUN).inspection.graph[str(state["node"])]
    elif isinstance(network, str | Path):  # what it names is opened, so that a wrong name is told here
        _ = session.run(RUN).inspection
    example = {} if x is None else {"image": EXAMPLE}
    return View(name, {"run": RUN, **example, **_filled(state)}, {}, session, asks, first)


def _over(name: str, image: Any, state: Mapping[str, Any]) -> View:
    """Return a view that needs no network, over an image of one's own."""
    if image is None:
        return View(name, dict(state))
    from convscope.widgets.pixels import pixels

    return View(name, {"sample": "your own", **state}, pixels(image, MOST_SIDE[name]))


def _address(path: str, **options: Any) -> str:
    """Return a question as the page writes it, so that what is embedded is found."""
    words = "/".join(quote(word, safe="") for word in path.split("/"))
    query = urlencode(_filled(options))
    return f"{ASKED}/{words}{f'?{query}' if query else ''}"


def _filled(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value not in ("", None)}


def _text(value: Any) -> Any:
    return value if isinstance(value, str | int | float) else ",".join(f"{number:g}" for number in value)


def _rows(kernel: Any) -> str:
    """Return a kernel as it is typed: rows with semicolons between, numbers with commas."""
    return ";".join(",".join(f"{number:g}" for number in row) for row in kernel)
