"""Masks from files to a report: trained, tuned, scored, compared, resumed, predicted at any size."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import convscope as cs
from convscope.runs.predictor import Predictor
from convscope.runs.tiles import TiledNetwork

SETTINGS: dict[str, Any] = {
    "set": {"width": 4, "levels": 2}, "epochs": 4, "img_size": 32, "batch_size": 8, "lr": 0.02,
    "augment": "hflip rot90", "threads": 1, "amp": False, "channels_last": False, "compile": False, "quiet": True,
}  # fmt: skip


def drawn(rng: np.random.Generator, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return an image of bright squares on a darker ground, and the number of the square at each pixel."""
    labels = np.zeros((height, width), np.uint16)
    for number in range(1, 1 + rng.integers(2, 5)):
        y, x = rng.integers(0, height - 10), rng.integers(0, width - 10)
        if not labels[y : y + 10, x : x + 10].any():
            labels[y + 1 : y + 9, x + 1 : x + 9] = number
    image = rng.normal(60, 12, labels.shape) + 90 * (labels > 0)
    return np.clip(image, 0, 255).astype(np.uint8), labels


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of different sizes with binary masks (0 and 255), and the same with a mask of instances."""
    root, rng = tmp_path_factory.mktemp("squares"), np.random.default_rng(0)
    for kind in ("binary", "objects"):
        for part in ("images", "masks"):
            (root / kind / part).mkdir(parents=True)
    for i in range(24):
        image, labels = drawn(rng, *rng.integers(30, 60, 2))
        for kind, mask in (("binary", 255 * (labels > 0).astype(np.uint8)), ("objects", labels)):
            Image.fromarray(image).save(root / kind / "images" / f"{i:02}.png")
            Image.fromarray(mask).save(root / kind / "masks" / f"{i:02}.png")
    return root


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> cs.Run:
    return cs.train(folder / "binary", out=tmp_path_factory.mktemp("runs") / "binary", **SETTINGS)


def test_masks_are_learned_tuned_scored_and_shown(run: cs.Run) -> None:
    metrics = run.metrics
    assert (metrics["task"], metrics["main"], run.plan.model, run.plan.fit) == (
        "segmentation",
        "dice",
        "unet_mini",
        "keep",
    )
    assert metrics["dice"]["low"] <= metrics["dice"]["value"] <= metrics["dice"]["high"]
    assert [row["name"] for row in metrics["classes"]] == ["background", "object"]
    assert run.spec.target.threshold == metrics["threshold"]  # as chosen on validation, in the file of the weights
    assert {row["name"] for row in metrics["baselines"]} >= {"majority class", "random forest"}
    assert run.evaluate()["dice"] == metrics["dice"]
    page = (run.folder / "report.html").read_text()
    assert all(
        words in page for words in ("Best and worst masks", "object F1", "Otsu", "random forest", "Class by class")
    )
    with (run.folder / "predictions.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
    assert len(rows) == metrics["examples"]


def test_a_run_stopped_and_resumed_ends_in_the_same_bytes(run: cs.Run, folder: Path, tmp_path: Path) -> None:
    class Stop(Exception):  # noqa: N818 - no error
        pass

    class Stopping(cs.Listener):
        def epoch(self, *_: Any) -> None:
            raise Stop

    with pytest.raises(Stop):
        cs.train(folder / "binary", out=tmp_path / "run", listener=Stopping(), **{**SETTINGS, "quiet": False})
    cs.resume(tmp_path / "run", quiet=True)
    for name in ("model.safetensors", "predictions.csv"):
        assert (tmp_path / "run" / name).read_bytes() == (run.folder / name).read_bytes()


def test_an_image_of_any_size_has_a_mask_of_its_size_in_tiles_as_whole(run: cs.Run) -> None:
    image, _ = drawn(np.random.default_rng(5), 211, 135)
    (whole,) = run.predict(image)
    assert whole.arrays["classes"].shape == image.shape and whole.arrays["probabilities"].shape == (211, 135, 2)
    assert set(whole.answer) == {"shares", "objects"}
    predictor: Predictor = run.predictor
    tiled = TiledNetwork(run.model, 1, "exact", tile=64)
    out = np.empty((211, 135, 2), np.float32)
    tiled.predict(
        lambda part: predictor.tensor(image[..., None][part][None])[0], (211, 135), out, head=predictor.task.head(None)
    )
    assert tiled.plan((211, 135)).how == "exact"
    assert np.abs(out - whole.arrays["probabilities"]).max() < 1e-6


def test_views_are_turned_back_before_they_are_averaged(run: cs.Run) -> None:
    image, _ = drawn(np.random.default_rng(6), 40, 52)
    (plain,), (mirrored,) = run.predict(image, tta=8), run.predict(image[:, ::-1].copy(), tta=8)
    apart = plain.arrays["probabilities"] - mirrored.arrays["probabilities"][:, ::-1]
    assert np.abs(apart).max() < 1e-5  # all eight views: it makes no difference how the image lies


def test_objects_are_told_apart_and_two_runs_compared(folder: Path, run: cs.Run, tmp_path: Path) -> None:
    first, second = (
        cs.train(folder / "objects", out=tmp_path / f"seed{seed}", seed=seed, split_seed=0, baselines=False, **SETTINGS)
        for seed in (0, 1)
    )
    metrics = first.metrics
    assert (metrics["main"], first.spec.target.kind) == ("object_ap", "instances")
    assert sum(metrics["objects"]["truth"]) > 0 and metrics["smallest"] >= 0
    comparison = cs.compare([first, second])
    values = [each.metrics["object_ap"]["value"] for each in (first, second)]
    assert comparison.best.figures["object_ap"]["value"] == pytest.approx(np.mean(values))  # one network, two seeds
    begun = cs.train(
        folder / "objects", "unet_mini", out=tmp_path / "begun", pretrained=run.folder, baselines=False, **SETTINGS
    )
    assert begun.metrics["pretrained"]["source"]


def test_masks_of_another_set_are_scored_by_the_names_of_their_classes(
    run: cs.Run, folder: Path, tmp_path: Path
) -> None:
    for part in ("images", "masks"):
        (tmp_path / part).mkdir()
    for i in range(3):
        image, labels = drawn(np.random.default_rng(100 + i), 44, 44)
        Image.fromarray(image).save(tmp_path / "images" / f"{i}.png")
        Image.fromarray((labels > 0).astype(np.uint8)).save(tmp_path / "masks" / f"{i}.png")  # 0 and 1, not 0 and 255
    figures = run.evaluate(tmp_path)
    assert figures["examples"] == 3 and 0 <= figures["dice"]["value"] <= 1
