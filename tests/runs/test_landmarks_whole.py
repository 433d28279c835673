"""Points from a table to a report: learned in the frame, answered in pixels of the image as it was given."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import convscope as cs
from convscope.data.augment import Policy
from convscope.data.loader import Loader
from convscope.errors import ConfigError

SETTINGS: dict[str, Any] = {
    "epochs": 12, "batch_size": 16, "lr": 0.01, "img_size": 24, "threads": 1, "amp": False, "channels_last": False,
    "compile": False, "quiet": True,
}  # fmt: skip
NAMES = ("left", "right", "chin")


def picture(height: int, width: int, points: np.ndarray) -> np.ndarray:
    """Return a dark image with a spot of its own colour at each point."""
    y, x = np.mgrid[:height, :width]
    spots = np.exp(-((x[..., None] - points[:, 0]) ** 2 + (y[..., None] - points[:, 1]) ** 2) / 8)
    return np.clip(20 + 220 * spots, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("points")
    rng = np.random.default_rng(0)
    rows = [["image", *(f"{name}_{axis}" for name in NAMES for axis in "xy")]]
    for i in range(80):
        height, width = rng.integers(30, 60, 2)
        middle, size = rng.uniform(0.4, 0.6, 2) * (width, height), rng.uniform(6, 9)
        points = middle + size * np.array([[-1.0, -0.7], [1.0, -0.7], [0.0, 1.0]])
        Image.fromarray(picture(height, width, points)).save(root / f"{i:02}.png")
        rows.append([f"{i:02}.png", *(f"{value:.2f}" for value in points.ravel())])
    rows[5][1] = rows[5][2] = ""  # one that is not known
    with (root / "points.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return root


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> cs.Run:
    return cs.train(folder, "lenet", out=tmp_path_factory.mktemp("runs") / "whole", **SETTINGS)


def test_images_are_padded_and_points_lie_where_their_spots_do(folder):
    data = cs.load(folder, img_size=24)
    assert data.preprocessing.fit == "pad" and "padded" in data.facts["sizing"]
    assert data.facts["points"].endswith("1 missing")
    for split in data.splits:
        for image, points in zip(split.images(), split.placed_target, strict=True):
            for k, point in enumerate(points):
                if np.isfinite(point).all():
                    row, column = np.unravel_index(image[k].argmax(), image[k].shape)
                    assert (column, row) == pytest.approx(tuple(point), abs=1.2)


def test_augmented_points_go_with_their_spots_and_change_names_in_a_mirror(folder):
    data = cs.load(folder, img_size=24)
    policy = Policy.parse("hflip rotate=20 scale=0.2 shift=0.1")
    loader = Loader(data.train, data.transforms, 16, seed=3, policy=policy, becomes=(1, 0, 2))
    mirrored = 0
    for batch in loader.epoch(0):
        raw = data.preprocessing.undo(batch.x)
        for image, points in zip(raw, batch.targets[0].numpy(), strict=True):
            left, right, _ = points
            assert not left[0] > right[0]  # what is called left stays on the left
            for k, point in enumerate(points):
                if not np.isfinite(point).all() or not ((point > 1) & (point < 22)).all():
                    continue
                brightest = [np.unravel_index(image[..., c].argmax(), image.shape[:2])[::-1] for c in range(3)]
                apart = [np.hypot(*(np.array(spot) - point)) for spot in brightest]
                assert min(apart) < 1.6
                mirrored += k < 2 and int(np.argmin(apart)) == 1 - k
    assert mirrored > 20


def test_points_are_neither_blended_nor_mirrored_blindly(folder):
    data = cs.load(folder, img_size=24)
    for words, becomes, why in (("mixup=0.2", (1, 0, 2), "no blend"), ("hflip", None, "--pairs")):
        with pytest.raises(ConfigError, match=why):
            Loader(data.train, data.transforms, 16, policy=Policy.parse(words), becomes=becomes)


def test_it_learns_and_says_how_well_beside_simple_methods(run):
    metrics = run.metrics
    assert (metrics["task"], metrics["main"], metrics["normaliser"]) == ("landmarks", "nme", "box")
    beside = {each["name"]: each["nme"]["value"] for each in metrics["baselines"]}
    assert metrics["nme"]["value"] < 0.6 * beside["mean places"] and "HOG + ridge" in beside
    assert [row["name"] for row in metrics["points"]] == list(NAMES)
    assert "hflip" in run.plan.augment and run.plan.head == "heatmap" and run.plan.fit == "pad"


def test_files_are_answered_in_their_own_pixels_as_the_held_out_images_were(run, folder):
    with (run.folder / "predictions.csv").open(newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    name, row = next((name, row) for name, row in rows.items() if row["split"] == "test")
    (answer,) = run.predict([folder / name])
    for point, (x, y) in answer.points.items():
        assert (x, y) == pytest.approx([float(row[f"predicted:{point}_{axis}"]) for axis in "xy"], abs=1e-3)
    with Image.open(folder / name) as image:
        larger = image.resize((2 * image.width, 2 * image.height))
    (doubled,) = run.predict([larger])
    for point, place in answer.points.items():
        assert np.array(doubled.points[point]) == pytest.approx(2 * np.array(place) + 0.5, abs=3)


def test_it_is_evaluated_on_its_own_set_and_on_another(run, folder):
    again = run.evaluate()
    assert again["nme"] == run.metrics["nme"]
    other = run.evaluate(folder / "points.csv", split="all")
    assert other["examples"] == 80 and any("training images" in warning for warning in other["warnings"])
    assert run.evaluate(tta=2)["nme"]["value"] < 1.5 * again["nme"]["value"]


def test_an_interrupted_run_ends_in_the_same_weights(run, folder, tmp_path):
    class Stop(cs.Listener):
        left = 9

        def step(self, *_: object) -> None:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        settings = {name: value for name, value in SETTINGS.items() if name != "quiet"}
        cs.train(folder, "lenet", out=tmp_path / "cut", listener=Stop(), **settings)
    resumed = cs.resume(tmp_path / "cut", quiet=True)
    weights = [(each.folder / "model.safetensors").read_bytes() for each in (run, resumed)]
    assert weights[0] == weights[1]


def test_coordinates_on_frozen_features_are_compared_with_it(run, folder, tmp_path):
    settings = SETTINGS | {"epochs": 2}
    other = cs.train(
        folder, "lenet", out=tmp_path / "coordinates", head="linear", freeze="backbone", augment="none",
        pretrained=run.folder, **settings,
    )  # fmt: skip
    assert other.plan.options.points == "coordinates" and other.plan.stages[0].once
    found = cs.compare([run.folder, other.folder])
    assert found.networks[0].runs and "nme" in str(found.to_dict())


def test_the_report_draws_points_over_images(run):
    page = run.report.read_text()
    assert re.findall(r'<section id="(\w+)"', page)[:3] == ["scores", "errors", "images"]
    for name in ("cumulative", "each_point", "worst", "best", "augmented"):
        assert f'id="figure-{name}"' in page and (run.folder / "figures" / f"{name}.png").exists()
    assert "diagonal of the points" in page


def test_images_are_cut_to_their_points_as_asked(folder):
    data = cs.load(folder, img_size=24, crop_points=0.25)
    assert "25 %" in data.facts["sizing"] and "cropped-by-points" in [notice.code for notice in data.warnings]
    points = data.train.placed_target
    whole = np.isfinite(points).all(axis=(1, 2))
    assert points[whole].min() == pytest.approx(24 / 6 - 0.5, abs=1)  # a quarter of a box at each end
    assert cs.load(folder, img_size=24).train.placed_target[whole].std() != pytest.approx(points[whole].std(), rel=0.05)
    with pytest.raises(ConfigError, match="--crop-points"):
        cs.load("digits", crop_points=0.2)
