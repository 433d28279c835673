"""What an answer rests on: a map by one method, and whether the method can be believed on this run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.data.pictures import as_shown
from convscope.errors import ConfigError, Error
from convscope.explaining.explanation import Explanation, methods_of
from convscope.explaining.methods import METHODS
from convscope.explaining.targets import names_of_outputs
from convscope.explorer.answer import Answer
from convscope.explorer.questions.options import place
from convscope.plain import plain
from convscope.runs.explaining import Explainer, Question
from convscope.runs.verdicts import Effort, Verdicts, inputs_of, known_verdicts, verdicts

if TYPE_CHECKING:
    from convscope.explorer.session import Opened, Session

USUAL = "gradcam"


def explained(session: Session, options: Mapping[str, str], run: str, image: str) -> Answer:
    """Return the ``map`` (H, W), (T,) or (L,) float32 of ``method`` for ``target``, by default the answer itself.

    Beside it stands the example: ``pixels`` (H, W, 3) uint8, ``signal`` (C, T) float32, or ``letters``; of a mask the
    ``region`` (H, W) uint8 that is explained, which ``at`` chooses. ``of_layer`` are the sizes of the
    layer that a class activation map was taken of. ``checks=1`` checks the method on held-out examples first, which
    takes seconds to a minute; what is known of it already is told anyway.
    """
    opened = session.run(run)
    (method,) = methods_of(options.get("method", USUAL))
    question = Question((method,), options.get("target") or None, place(options), options.get("node") or None)
    explainer = Explainer(opened.run.predictor, question)
    key = (run, method.name, question.node)
    result = session.once(
        ("explain", *key, image, question.target, question.at), lambda: _explanation(session, opened, image, explainer)
    )
    said, asked = Verdicts(), options.get("checks") == "1"
    if result.maps:
        said = session.once(("verdict", *key), lambda: _verdicts(session, opened, explainer, asked=asked), anew=asked)
        result = result.with_verdicts(said.checks)
    facts: dict[str, Any] = {
        "method": method.name, "title": method.title, "about": method.about, "source": method.source,
        "signed": method.signed, "target": result.target, "answer": result.answer, "letters": result.letters,
        "targets": names_of_outputs(opened.run.spec.target), "remarks": said.remarks,
        "methods": {name: each.title for name, each in METHODS.items()},
        "layers": [node.name for node in opened.inspection.graph.nodes if len(node.shape) > 2 and node.op != "input"],
    }  # fmt: skip
    arrays = _example(result)
    if method.name not in result.maps:
        return Answer(
            plain({**facts, "refused": result.refused.get(method.name, "this method does not apply")}), arrays
        )
    one = result.maps[method.name]
    layer = next((node for node in opened.inspection.graph.nodes if node.name == one.node), None)
    facts["of_layer"] = layer.shape[2:] if layer else ()
    return Answer(plain({**facts, **one.to_dict()}), {**arrays, "map": np.asarray(one.values, np.float32)})


def _explanation(session: Session, opened: Opened, image: str, explainer: Explainer) -> Explanation:
    example = session.example(opened, image)
    (result,) = explainer.explain(example if isinstance(example, list) else [example])
    if result.error is not None:
        raise ConfigError(result.error)
    return result


def _verdicts(session: Session, opened: Opened, explainer: Explainer, *, asked: bool) -> Verdicts:
    """Return checks that were made before, or make them; none where the set cannot be read that they are made on."""
    if asked:
        return verdicts(opened.run, explainer, Effort(asked=True))
    try:
        x = session.once(("checked", opened.name), lambda: inputs_of(opened.run, opened.held[1]))
        return Verdicts(known_verdicts(opened.run, explainer, x)) if len(x) > 1 else Verdicts()
    except Error as problem:
        return Verdicts({}, (f"it cannot be checked, since the run's own set could not be read: {problem}",))


def _example(result: Explanation) -> dict[str, np.ndarray]:
    """Return what the map is laid over, as it is shown."""
    arrays: dict[str, np.ndarray] = {}
    if result.raw is not None and result.raw.ndim == 3:
        arrays["pixels"] = as_shown(np.moveaxis(result.raw, -1, 0))
    elif result.raw is not None and result.raw.ndim == 2:
        arrays["signal"] = result.raw.T.astype(np.float32)
    if result.region is not None and result.region.ndim == 2:
        arrays["region"] = result.region.astype(np.uint8)
    return arrays
