"""What answers for a network without a folder: from several threads at once, and for any task."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from convscope.data.augment import Policy
from convscope.data.columns import InMemory, Ragged
from convscope.data.spec import Classes, Numbers
from convscope.data.transforms import ImageTransform, SignalTransform
from convscope.errors import ConfigError, DataError
from convscope.models import create
from convscope.runs.agreement import agreement
from convscope.runs.averaging import Averaging
from convscope.runs.prediction import Prediction
from convscope.runs.predictor import BATCH, Predictor
from convscope.tasks.registry import task

RULE = ImageTransform(1, 12, 12, "crop", "uint8", (120.0,), (60.0,))
IMAGES = np.random.default_rng(0).integers(0, 256, (BATCH + 5, 12, 12, 1)).astype(np.uint8)
NUMBERS = Numbers(("age", "height"), ("years", "cm"), (30.0, 170.0), (10.0, 9.0))


class InUnits(nn.Module):
    """From standardised numbers (N, K) to those of a target."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.tensor(NUMBERS.std, dtype=x.dtype) + torch.tensor(NUMBERS.mean, dtype=x.dtype)


def answer(prediction: np.ndarray, target: Numbers) -> dict[str, Any]:
    return dict(zip(target.names, map(float, prediction), strict=True))


OF_NUMBERS = replace(
    task("classification"), name="numbers", head=lambda target: InUnits(), answer=answer, average=None
)  # fmt: skip


def network(outputs: int) -> nn.Module:
    torch.manual_seed(0)
    return create("tiny", classes=outputs, channels=1, size=(12, 12)).eval()


def of_classes() -> Predictor:
    return Predictor(network(3), RULE, task("classification"), Classes(("a", "b", "c")))


def of_numbers() -> Predictor:
    return Predictor(network(2), RULE, OF_NUMBERS, NUMBERS)


def stored(images: np.ndarray) -> InMemory:
    return InMemory.of("image", images)


def test_threads_get_what_one_alone_gets() -> None:
    alone = [prediction.answer for prediction in of_classes().predict(IMAGES)]
    shared = of_classes()
    with ThreadPoolExecutor(4) as threads:
        futures = [threads.submit(shared.predict, IMAGES, amp=k == 2) for k in range(4)]
        results = [[prediction.answer for prediction in future.result()] for future in futures]
    assert results[0] == results[1] == results[3] == alone
    assert results[2] != alone  # it was bfloat16 indeed


def test_the_same_head_answers_for_files_and_for_stored_examples() -> None:
    values = of_numbers().predict_column(stored(IMAGES))
    with torch.inference_mode():
        direct = network(2)(of_numbers().tensor(IMAGES)).double().numpy() * NUMBERS.std + NUMBERS.mean
    np.testing.assert_allclose(values, direct, rtol=1e-5)
    predictions = of_numbers().predict(IMAGES)
    assert [p.age for p in predictions] == values[:, 0].tolist()
    assert repr(predictions[0]) == f"<[0]: {values[0, 0]:.4f} {values[0, 1]:.4f}>"


def test_an_answer_keeps_its_keys_where_nothing_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no image")
    for predictor, blank in (
        (of_classes(), {"label": None, "probability": None, "probabilities": {}}),
        (of_numbers(), {"age": None, "height": None}),
    ):
        (prediction,) = predictor.predict(tmp_path / "bad.png")
        assert prediction.error and prediction.answer == blank
        assert prediction.to_dict() == {"input": prediction.input, **blank, "error": prediction.error, "note": ""}
        assert repr(prediction) == f"<{prediction.input}: {prediction.error}>"


def test_what_is_no_answer_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match=r"no 'label'.*age"):
        _ = Prediction("a.png", {"age": 3.0}).label


def test_views_are_told_to_what_takes_their_mean() -> None:
    told: list[tuple[tuple[int, ...], list[bool]]] = []

    def average(views: Tensor, laid: Any, target: Any) -> Tensor:
        told.append((tuple(views.shape), [view.mirrored for view in laid]))
        return views.mean(0)

    predictor = replace(of_numbers(), task=replace(OF_NUMBERS, average=average))
    flipped = Averaging(Policy.parse("hflip"), 2)
    mean = predictor.predict_column(stored(IMAGES[:3]), flipped)
    assert told == [((2, 1, 2), [False, True])] * 3
    both = [predictor.predict_column(stored(np.ascontiguousarray(x))) for x in (IMAGES[:3], IMAGES[:3, :, ::-1])]
    np.testing.assert_allclose(mean, np.mean(both, axis=0), rtol=1e-5)


def test_what_has_no_mean_is_not_averaged() -> None:
    with pytest.raises(ConfigError, match="predictions of numbers have no mean"):
        of_numbers().predict(IMAGES[:2], average=Averaging(Policy.parse("hflip"), 2))


def test_bfloat16_is_judged_by_what_is_shown_or_by_how_far_numbers_move() -> None:
    exact = np.random.default_rng(1).normal((30, 170), (10, 9), (100, 2))
    near, far = exact + 0.01, exact.copy()
    far[:3, 1] += 5
    assert agreement(exact, near, OF_NUMBERS, NUMBERS).close
    result = agreement(exact, far, OF_NUMBERS, NUMBERS)
    assert (result.changed, result.close) == (3, False) and result.difference == pytest.approx(5)
    classes, names = np.eye(3)[np.arange(99) % 3], Classes(("a", "b", "c"))
    assert agreement(classes, classes * 0.9 + 0.03, task("classification"), names).changed == 0
    assert agreement(classes, classes[::-1], task("classification"), names).changed == 66


def test_signals_of_any_length_are_answered() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv1d(2, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 2)).eval()
    predictor = Predictor(net, SignalTransform(2, None, (0.0, 0.0), (1.0, 1.0)), OF_NUMBERS, NUMBERS)
    signals = [np.random.default_rng(n).normal(size=(n, 2)).astype(np.float32) for n in (9, 30, 9)]
    column = Ragged.of("signal", signals)
    alone = [predictor.predict_column(InMemory.of("signal", signal[None])) for signal in signals]
    assert predictor.predict_column(column).shape == (3, 2)
    np.testing.assert_allclose(predictor.predict_column(column), np.concatenate(alone), rtol=1e-6)  # none is padded
    predictions = predictor.predict(signals)
    np.testing.assert_allclose([[p.age, p.height] for p in predictions], np.concatenate(alone), rtol=1e-6)
    assert [p.input for p in predictor.predict(signals[0])] == ["array"]
    assert [p.input for p in predictor.predict(np.stack([signals[0]] * 2))] == ["array[0]", "array[1]"]
    with pytest.raises(DataError, match=r"\[1\] has the shape \(5, 3\)"):
        predictor.predict([signals[0], np.zeros((5, 3))])
    with pytest.raises(ConfigError, match="have no mean"):
        predictor.predict_column(column, Averaging(Policy.parse("hflip"), 2))
