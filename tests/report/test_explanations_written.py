"""Explanations as files: pictures, arrays, table and page; how maps are shown; a page of feature maps."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file
from torch import nn

import convscope as cs
from convscope.api.explain import explain
from convscope.api.inside import inside
from convscope.errors import CheckpointError, ConfigError, DataError, ShapeError
from convscope.explaining.explanation import Explanation
from convscope.report.explained.look import Look
from convscope.report.explained.write import ExplanationFolder, write
from convscope.report.figures.explained.colours import map_picture, overlay
from convscope.report.inside.page import write as write_inside


@pytest.fixture
def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3)).eval()


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(3, 3, 8, 8)).astype(np.float32)


def rows_of(path):
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def test_a_module_is_explained_and_written(model, x, tmp_path):
    results = explain(model, x, "gradcam,ig", target="bee", classes=("ant", "bee", "wasp"), out=tmp_path / "out")
    assert [each.target for each in results] == ["bee"] * 3
    folder = tmp_path / "out"
    rows = rows_of(folder / "explanations.csv")
    assert [row["input"] for row in rows] == ["[0]", "[1]", "[2]"]
    assert {row["gradcam_layer"] for row in rows} == {"1"}
    maps = explain(model, x, "gradcam,ig", target=1)
    for row, each in zip(rows, maps, strict=True):
        arrays = load_file(folder / "arrays" / f"{row['gradcam_file'].split('/')[1].rpartition('_')[0]}.safetensors")
        np.testing.assert_array_equal(arrays["ig"], each["ig"].values)
        assert arrays["ig.inputs"].shape == (3, 8, 8)
        with Image.open(folder / row["gradcam_file"]) as picture:
            assert picture.size == (224, 224)
        assert float(row["score"]) == pytest.approx(each["ig"].score, rel=1e-5)
    page = (folder / "explanations.html").read_text("utf-8")
    assert "Not checked" in page and "Integrated gradients" in page and "<script" not in page


def test_the_room_can_be_called(model, x):
    import convscope.explaining.methods  # noqa: F401 - the room is a module from now on

    assert cs.explain(model, x[:1], "gradient")[0]["gradient"].values.shape == (8, 8)


def test_verdicts_stand_with_the_maps(model, x):
    results = explain(model, np.concatenate([x, x + 1, x - 1]), "gradient", checks=True)
    assert "random weights" in results[0]["gradient"].verdict
    with pytest.raises(ConfigError, match="give two inputs or more"):
        explain(model, x[:1], "gradient", checks=True)


def test_nothing_is_left_behind(model, x):
    model.train()
    before = {name: array.clone() for name, array in model.state_dict().items()}
    state = torch.get_rng_state()
    explain(model, x, "gradcam,ig,guided")
    assert model.training and torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(array, before[name]) for name, array in model.state_dict().items())


def test_what_is_asked_wrongly(model, x):
    cases = [
        ({"method": "gradcm"}, ConfigError, "there is no method 'gradcm'; did you mean 'gradcam'"),
        ({"method": "gradcam", "node": "00"}, ConfigError, "there is no node '00'"),
        ({"method": "gradcam", "node": "3"}, ConfigError, "no places"),
        ({"target": 3}, ConfigError, "outputs 0 to 2"),
        ({"target": "bea", "classes": ("ant", "bee", "wasp")}, ConfigError, "did you mean 'bee'"),
    ]
    for options, kind, message in cases:
        with pytest.raises(kind, match=message):
            explain(model, x, **options)
    with pytest.raises(ShapeError, match="channels"):
        explain(model, np.zeros((1, 4, 8, 8), np.float32))
    with pytest.raises(ShapeError):
        explain(model, np.zeros((1, 3, 9, 9), np.float32))
    with pytest.raises(DataError, match="one is given as x"):
        explain(model, np.zeros(3, np.float32))
    with torch.no_grad():
        model[0].weight[0, 0, 0, 0] = float("nan")
    with pytest.raises(CheckpointError, match=r"0\.weight holds NaN"):
        explain(model, x)


def test_a_method_that_does_not_apply_leaves_the_others(x):
    dense = nn.Sequential(nn.Flatten(), nn.Linear(192, 2))
    (first, *_) = explain(dense, x)
    assert list(first.maps) == ["ig"] and "gradcam" in first.refused
    with pytest.raises(ConfigError):
        first["gradcam"]
    with pytest.raises(ConfigError):
        explain(dense, x, "gradcam")


class Leaves(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(192, 2)

    def forward(self, x):
        return self.head(torch.from_numpy(x.detach().numpy().reshape(len(x), -1).copy()))


def test_a_model_that_leaves_pytorch_is_told(x):
    with pytest.raises(ConfigError, match="PyTorch"):
        explain(Leaves(), x, "gradient")


def test_a_corrupt_input_is_listed_among_the_others(tmp_path):
    good = Explanation("a.png", {"label": "bee"}, "bee", raw=np.zeros((4, 4, 1), np.uint8))
    into = ExplanationFolder(tmp_path, (), "net")
    names = [each.input for each in write([good, Explanation("bad.png", error="no image")], into)]
    assert names == ["a.png", "bad.png"]
    assert "bad.png: no image" in (tmp_path / "explanations.html").read_text("utf-8")
    assert "bad.png" in (tmp_path / "explanations.csv").read_text("utf-8")


def test_the_display_options_are_those_of_the_map():
    values = np.array([[-4.0, 0.0], [1.0, 4.0]])
    picture = np.full((2, 2, 3), 128, np.uint8)
    plain, bare = (overlay(picture, values, True, Look(0.0, 1.0, opacity)) for opacity in (0.75, 0.0))
    assert (plain[0, 1] == bare[0, 1]).all() and (plain[1, 1] != bare[1, 1]).any()  # zero is not covered
    assert len(np.unique(bare.reshape(-1, 3), axis=0)) == 1
    cut = overlay(picture, values, True, Look(0.5, 1.0))
    assert (cut[1, 0] == bare[1, 0]).all()  # a quarter of the largest is below the minimum
    brightness = map_picture(np.linspace(0, 1, 64)[None], False, Look(0.0, 1.0)) @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(brightness[0]) > 0).all()  # in grey print the order is the same
    for wrong in ({"minimum": -0.1}, {"opacity": 1.5}, {"minimum": 0.5, "maximum": 0.5}):
        with pytest.raises(ConfigError, match="--"):
            Look(**wrong)


def test_every_feature_map_is_on_the_page(model, x, tmp_path):
    result = inside(model, x[:1], temperature=2.0)
    assert [layer.node for layer in result.layers] == ["0", "1", "3"]
    assert result.components is not None and result.components.difference < 1e-6
    page = write_inside(result, tmp_path).read_text("utf-8")
    assert "Largest difference of the sum from PyTorch" in page and "Class probabilities" in page
    rows = rows_of(tmp_path / "maps.csv")
    assert len(rows) == 4 + 4 + 3
    lowest = float(model[0](torch.from_numpy(x[:1]))[0, 0].detach().min())
    assert float(rows[0]["minimum"]) == pytest.approx(lowest, rel=1e-5)
    with pytest.raises(ConfigError, match="there is no node"):
        inside(model, x[:1], node="conv9")
