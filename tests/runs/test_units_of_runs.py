"""What channels of a run's layer see and look for, against slices and gradients of the network itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import convscope as cs
from convscope.report.units.page import rows, write
from convscope.runs.units import layer_units

WAVES, STEPS = 24, 40


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> cs.Run:
    return cs.train("digits", model="tiny", epochs=1, quiet=True, out=tmp_path_factory.mktemp("runs") / "digits")


@pytest.fixture
def signals(tmp_path: Path) -> cs.Run:
    rng = np.random.default_rng(0)
    for name in ("TRAIN", "TEST"):
        waves = [np.sin(np.arange(STEPS) / (1 + k % 2)) + 0.1 * rng.normal(size=STEPS) for k in range(WAVES)]
        lines = [f"{k % 2} " + " ".join(f"{value:.4f}" for value in wave) for k, wave in enumerate(waves)]
        (tmp_path / f"wave_{name}.txt").write_text("\n".join(lines) + "\n")
    return cs.train(tmp_path / "wave_TRAIN.txt", model="conv1d", epochs=1, quiet=True, out=tmp_path / "run")


def first_layer(run: cs.Run) -> str:
    return next(node.name for node in cs.inspect(run).graph.nodes if node.op == "correlate")


def test_patches_are_cut_where_the_layer_is_largest(images: cs.Run):
    data = cs.load("digits").test
    assert data is not None
    layer = first_layer(images)
    kept: list[torch.Tensor] = []
    hook = images.model.get_submodule(layer).register_forward_hook(lambda *call: kept.append(call[2].detach().clone()))
    x = torch.cat([images.predictor.tensor(example.image[None]) for example in data])
    with torch.inference_mode():
        images.model(x)
    hook.remove()
    largest = kept[-1].flatten(2).amax(2)  # (N, channels)
    found = images.units(layer, [1, 0])
    assert (found.split, found.inputs, [each.channel for each in found.channels]) == ("test", len(data), [1, 0])
    for each in found.channels:
        order = largest[:, each.channel].argsort(descending=True, stable=True)[:9]
        assert [top.id for top in each.top] == [data[int(row)].id for row in order]
        for top, row in zip(each.top, order.tolist(), strict=True):
            assert top.patch.value == pytest.approx(float(largest[row, each.channel]), rel=1e-4)
            assert top.label == data[row].label
            part = tuple(slice(first, last + 1) for first, last in top.patch.seen.box)
            np.testing.assert_array_equal(top.raw, np.moveaxis(data[row].image[part], -1, 0))
        assert each.below is not None and each.below.shape[1:] == each.seen.mask.shape
    assert found.maximised is not None and (found.maximised.reached > found.maximised.largest).all()


def test_fields_of_a_corner_hang_over_it_and_lie_over_the_image_given(images: cs.Run):
    pixels = np.random.default_rng(0).integers(0, 17, (8, 8, 1)).astype(np.uint8)
    (each,) = images.units(first_layer(images), [2], pixels, at=(0, 0)).channels
    assert each.effective is not None and each.below is not None
    np.testing.assert_array_equal(each.below[0], pixels[..., 0])
    assert each.seen.box[0][0] == 0 and each.seen.span[0][0] < 0 and 0 < each.seen.outside < 1
    assert each.effective.energy[~each.seen.mask].sum() == 0


def test_a_unit_that_no_input_moves_is_told_of(images: cs.Run, tmp_path: Path):
    layer = first_layer(images)
    weight = images.model.get_submodule(layer).weight
    assert isinstance(weight, torch.Tensor)
    before = weight.detach().clone()
    with torch.no_grad():
        weight[1] = 0
    found = images.units(layer, [0, 1])
    with torch.no_grad():
        weight.copy_(before)
    assert [each.effective is None for each in found.channels] == [False, True]
    assert "no input moves" in found.notes[0]
    assert "no input moves it" in write(found, tmp_path).read_text(encoding="utf-8")


def test_channels_of_the_output_are_called_after_the_classes(images: cs.Run):
    assert [each.title for each in images.units(None, [3]).channels] == ["channel 3: 3"]


def test_signals_have_a_page_too(signals: cs.Run, tmp_path: Path):
    found = signals.units(first_layer(signals), [0, 1])
    assert found.inputs == WAVES and found.display is None and len(found.at) == 1
    (tmp_path / "page").mkdir()
    page = write(found, tmp_path / "page")
    assert "What a unit sees" in page.read_text(encoding="utf-8")
    assert {file.stem for file in (tmp_path / "page" / "figures").iterdir()} == {"fields", "patches", "pictures"}
    table = (tmp_path / "page" / "top_patches.csv").read_text().splitlines()
    assert len(table) == 1 + len(list(rows(found))) == 1 + 2 * 9


def test_without_the_data_there_are_fields_alone(signals: cs.Run, tmp_path: Path):
    for file in tmp_path.glob("wave_*.txt"):
        file.unlink()
    found = layer_units(signals, first_layer(signals), [0])
    (each,) = found.channels
    assert each.effective is not None and not each.top and found.maximised is None and each.below is None
    assert "the run's own set could not be read" in found.notes[0] and "random numbers" in found.measured
    folder = tmp_path / "page"
    folder.mkdir()
    assert "could not be read" in write(found, folder).read_text(encoding="utf-8")
    assert not (folder / "top_patches.csv").exists()


def test_the_network_is_left_as_it_was(images: cs.Run):
    images.model.train()
    before = {name: value.clone() for name, value in images.model.state_dict().items()}
    images.units(first_layer(images), [0])
    assert images.model.training and not any(weight.grad is not None for weight in images.model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in images.model.state_dict().items())
    images.model.eval()
