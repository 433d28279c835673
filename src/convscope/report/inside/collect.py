"""What a report shows of the inside of a network: cheap enough for every run, so of few examples and one method."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from convscope.data.dataset import Split
from convscope.data.patches import example
from convscope.errors import Error
from convscope.explaining.checks.quick import quick_check
from convscope.explaining.explained import Explained
from convscope.explaining.explanation import Explanation, attributions, map_of
from convscope.explaining.feature_maps import FeatureMaps, feature_maps
from convscope.explaining.methods import METHODS
from convscope.explaining.score import ChosenScore
from convscope.explaining.targets import names_of_outputs
from convscope.report.inside.contents import InReport, Seen
from convscope.report.section import report_of, shows_images
from convscope.report.sequences.chosen import Chosen
from convscope.runs.explaining import own_score
from convscope.runs.explanation_checks import has_learned
from convscope.runs.run import Run
from convscope.runs.verdicts import inputs_of

METHOD = "gradcam"
WORST, LAYERS = 6, 4
CHECKED, MAPS = 8, 8  # examples of the check, and maps of each that it takes
SECONDS = 1.0  # of the processor that the check may take, at the rate of one example alone


def in_report(run: Run, judged: Split, predictions: np.ndarray) -> InReport | None:
    """Return what is shown of a run on images; ``None`` of others, and of networks whose inside cannot be seen.

    Where masks are learned these are feature maps only: no one number of a mask is its mistake.
    """
    masks = judged.dataset.target_kind in ("mask", "instances") and len(judged.input.spec.shape) == 3
    if not (masks or shows_images(judged)) or not len(judged):
        return None
    looked_at = report_of(run.spec.task).closely(predictions, judged.target, run.spec.target)
    if looked_at is None or not looked_at.examples:
        return None
    try:
        pair = _pair(run, judged, looked_at.examples)
        mistakes = [] if masks else [each for each in looked_at.examples if not each.right]
        worst, verdict = _worst(run, judged, mistakes[:WORST])
    except (Error, RuntimeError):  # a network of one's own may do what cannot be recorded or differentiated
        return None
    return InReport(pair, worst, verdict)


def _pair(run: Run, judged: Split, examples: Sequence[Chosen]) -> tuple[Seen, ...]:
    from convscope.graph.record.activations import activations

    firsts = [next((each for each in examples if each.right is right), None) for right in (True, False)]
    seen: list[Seen] = []
    for each in firsts:
        if each is None:
            continue
        image = _middle(example(judged.input, each.row), run.spec.input.space)
        graph, values = activations(run.model, [run.predictor.tensor(image[None])])
        layers = _last_of_each_size(feature_maps(graph, values))
        seen.append(Seen(each.said, each.right, np.moveaxis(image, -1, 0), layers))
    return tuple(seen)


def _middle(image: np.ndarray, most: Sequence[int | None]) -> np.ndarray:
    """Return the part (H, W, C) in the middle of an image, as large as those that were trained on.

    All feature maps of a whole section or mosaic would not fit into memory.
    """
    sides = [min(whole, side or whole) for whole, side in zip(image.shape, most, strict=False)]
    firsts = [(whole - side) // 2 for whole, side in zip(image.shape, sides, strict=False)]
    return image[tuple(slice(first, first + side) for first, side in zip(firsts, sides, strict=True))]


def _last_of_each_size(layers: Sequence[FeatureMaps]) -> tuple[FeatureMaps, ...]:
    """Return the last layer of each size of maps, at most four of them at even distances."""
    by_size = {layer.values.shape[1:]: layer for layer in layers if layer.values.ndim == 3 and layer.values[0].size > 1}
    each = list(by_size.values())
    return tuple(each[at] for at in np.unique(np.linspace(0, len(each) - 1, min(LAYERS, len(each))).astype(int)))


def _worst(run: Run, judged: Split, mistakes: Sequence[Chosen]) -> tuple[tuple[Explanation, ...], str]:
    if not mistakes:
        return (), ""
    explained = Explained(run.model, inputs_of(run, judged, np.array([each.row for each in mistakes])))
    maps, _ = attributions([METHODS[METHOD]], explained, ChosenScore([each.answer for each in mistakes]))
    names = names_of_outputs(run.spec.target)
    shown = tuple(
        Explanation(
            str(judged.ids[each.row]), {}, names[each.answer], "logit",
            {name: map_of(result, row) for name, result in maps.items()},
            raw=np.moveaxis(judged.images(each.row), 0, -1), note=each.said,
        )
        for row, each in enumerate(mistakes)
    )  # fmt: skip
    began = time.process_time()  # a second time: the first one takes more than any other
    attributions([METHODS[METHOD]], explained.of(explained.x[:1]), ChosenScore([mistakes[0].answer]))
    if (time.process_time() - began) * MAPS * CHECKED > SECONDS:
        return shown, ""
    some = explained.of(inputs_of(run, judged, np.unique(np.linspace(0, len(judged) - 1, CHECKED).astype(int))))
    checks = quick_check(METHODS[METHOD], some, own_score(some, run.spec.target), trained=has_learned(run))
    return tuple(each.with_verdicts({METHOD: checks}) for each in shown), checks.verdict
