"""What a layer makes of an example: its maps with their ranges, and one of them as the sum of filtered channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from convscope.errors import ConfigError
from convscope.explaining.components import components
from convscope.explaining.feature_maps import FeatureMaps, feature_maps
from convscope.explorer.answer import Answer
from convscope.explorer.questions.options import whole
from convscope.plain import plain

if TYPE_CHECKING:
    from convscope.explorer.session import Session
    from convscope.tracing.forward import Forward

MOST_MAPS = 512  # of one answer


def maps(session: Session, options: Mapping[str, str], run: str, image: str) -> Answer:
    """Return the maps of layer ``node``, from ``from`` on: bytes (C, \\*space) between the ``ranges`` (C, 2) of each.

    ``faint`` (C,) is 1 of maps that are nearly nothing beside the layer; ``layer`` and ``network`` are the ranges of
    all maps of that layer, and of every layer, [least, largest].
    ``exact=1`` gives them as float32. Values that are no finite numbers are 255 in ``odd`` (C, \\*space), if any.
    """
    forward = session.forward(session.run(run), image)
    if "node" not in options:
        raise ConfigError("say which layer: node=NAME")
    (layer,) = feature_maps(forward.graph, _values(forward), options["node"]) or (None,)
    if layer is None:
        raise ConfigError(f"{options['node']} has no feature maps")
    first = whole(options, "from", 0, 10**9)
    shown = layer.values[first : first + whole(options, "n", MOST_MAPS, MOST_MAPS)]
    finite = np.isfinite(shown)
    ranges = _ranges(shown, finite)
    arrays = {
        "ranges": ranges,
        "faint": layer.faint[first : first + len(shown)].astype(np.uint8),
        "maps": shown if options.get("exact") == "1" else _bytes(shown, finite, ranges),
    }
    if not finite.all():
        arrays["odd"] = (~finite).astype(np.uint8) * 255
    network = session.once(("range", run, image), lambda: _range(feature_maps(forward.graph, _values(forward))))
    facts = {"node": layer.node, "op": layer.op, "shape": list(layer.values.shape), "from": first}
    return Answer(plain({**facts, "layer": _range([layer]), "network": network}), arrays)


def parts(session: Session, options: Mapping[str, str], run: str, image: str) -> Answer:
    """Return one ``channel`` of a convolution ``node`` as the sum of its input's channels, each filtered by its kernel.

    ``inputs`` and ``parts`` are (I, H, W), ``kernels`` (I, kh, kw), ``engine`` (H, W) float32; ``bias`` a number, or
    ``None`` where there is none, and ``difference`` how far the sum is from what PyTorch computed.
    """
    forward = session.forward(session.run(run), image)
    channel = whole(options, "channel", 0, 10**9)
    result = components(forward.graph, _values(forward), options.get("node", ""), channel=channel)
    (one,) = result.shown
    return Answer(
        plain(
            {
                "node": result.node,
                "channel": channel,
                "bias": one.bias if "bias" in forward.graph[result.node].weights else None,
                "difference": one.difference,
                "channels": one.channels,
            }
        ),
        {name: np.asarray(getattr(one, name), np.float32) for name in ("inputs", "kernels", "parts", "engine")},
    )


def _values(forward: Forward) -> dict[str, np.ndarray]:
    """Return the numbers of every node: PyTorch's, and NumPy's where those are not known."""
    names = [node.name for node in forward.graph.nodes]
    own = {name: np.asarray(forward.values[name]) for name in names if name in forward.values}
    return {**own, **{name: np.asarray(each) for name, each in forward.engine.items()}}


def _range(layers: Iterable[FeatureMaps]) -> tuple[float, float]:
    """Return the least and the largest finite number of some layers; 0 and 0 where there is none."""
    finite = [layer.values[np.isfinite(layer.values)] for layer in layers]
    known = [(float(each.min()), float(each.max())) for each in finite if each.size]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else (0.0, 0.0)


def _ranges(maps: np.ndarray, finite: np.ndarray) -> np.ndarray:
    flat, known = maps.reshape(len(maps), -1), finite.reshape(len(maps), -1)
    low = np.where(known, flat, np.inf).min(1, initial=np.inf)
    high = np.where(known, flat, -np.inf).max(1, initial=-np.inf)
    empty = ~known.any(1)
    return np.stack([np.where(empty, 0, low), np.where(empty, 0, high)], 1).astype(np.float32)


def _bytes(maps: np.ndarray, finite: np.ndarray, ranges: np.ndarray) -> np.ndarray:
    low, high = (ranges[:, end].reshape(-1, *(1,) * (maps.ndim - 1)) for end in (0, 1))
    span = np.where(high > low, high - low, 1)
    return np.rint(255 * np.clip((np.where(finite, maps, low) - low) / span, 0, 1)).astype(np.uint8)
