"""Networks for clips and volumes: any size, what order means to them, and weights of image networks in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import convscope as cs
from convscope.errors import CheckpointError
from convscope.graph.verify import agreements
from convscope.models import create, entry
from convscope.models.inflated import inflated
from convscope.models.registry import giving
from convscope.models.weights import read_weights

NAMES = giving(None, axes=3)


def test_these_are_there():
    assert set(NAMES) == {
        "c3d_mini", "frame_average", "frame_gru", "lenet3d", "r2plus1d_mini", "resnet3d_mini"
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(12, 32, 32), (5, 20, 33), (2, 1, 1)])
def test_any_size_gives_finite_answers_and_gradients(name: str, size: tuple[int, int, int]):
    torch.manual_seed(0)
    net = create(name, classes=3, channels=2, size=size)
    logits = net(torch.randn(3, 2, *size))
    assert logits.shape == (3, 3)
    logits.square().sum().backward()
    for parameter in net.parameters():
        assert parameter.grad is not None and bool(torch.isfinite(parameter.grad).all())


@pytest.mark.parametrize("name", NAMES)
def test_numpy_computes_what_torch_computes(name: str):
    torch.manual_seed(0)
    net = create(name, classes=3, channels=1, size=(6, 16, 16)).eval()
    for agreement in agreements(net, [torch.randn(1, 1, 6, 16, 16)]):
        assert agreement.holds and agreement.nodes > 8


@pytest.mark.parametrize("name", NAMES)
def test_only_the_mean_over_frames_knows_no_order(name: str):
    torch.manual_seed(0)
    net = create(name, classes=3, channels=1, size=(6, 12, 12)).eval()
    x = torch.randn(2, 1, 6, 12, 12)
    with torch.no_grad():
        same = torch.allclose(net(x), net(x.flip(2)), atol=1e-5)
    assert same == (name == "frame_average")


def test_the_average_of_frames_is_the_mean_of_its_answers():
    torch.manual_seed(0)
    net = create("frame_average", classes=3, channels=1, size=(4, 12, 12)).eval()
    x = torch.randn(2, 1, 4, 12, 12)
    with torch.no_grad():
        alone = [net(x[:, :, at : at + 1].expand(-1, -1, 4, -1, -1)) for at in range(4)]
        torch.testing.assert_close(net(x), torch.stack(alone).mean(0))


def test_an_inflated_network_answers_a_still_clip_as_its_frame():
    """Away from the ends of the clip, where a kernel has all its frames."""
    torch.manual_seed(0)
    flat = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 2, 3)).eval()
    deep = nn.Sequential(nn.Conv3d(2, 3, 3), nn.BatchNorm3d(3), nn.ReLU(), nn.Conv3d(3, 2, 3)).eval()
    deep.load_state_dict(inflated(flat.state_dict()))
    x = torch.randn(2, 2, 9, 9)
    with torch.no_grad():
        expected = flat(x)
        still = deep(x[:, :, None].expand(-1, -1, 7, -1, -1))
    for at in range(still.shape[2]):
        torch.testing.assert_close(still[:, :, at], expected)


@pytest.fixture(scope="module")
def of_images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    x = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 1), np.uint8)
    data = cs.from_arrays(x, np.arange(40) % 2)
    folder = tmp_path_factory.mktemp("runs") / "flat"
    cs.train(data, "resnet_mini", set={"width": 4}, out=folder, epochs=1, quiet=True, baselines=False, seed=1)
    return folder


@pytest.mark.parametrize("name", [name for name in NAMES if entry(name).flat])
def test_it_begins_from_the_run_of_an_image_network(name: str, of_images: Path, tmp_path: Path):
    clips = np.random.default_rng(1).integers(0, 256, (24, 4, 16, 16, 1), np.uint8)
    np.savez(tmp_path / "set.npz", clips=clips, y=np.arange(24) % 3)
    run = cs.train(
        tmp_path / "set.npz", name, set={"width": 4}, pretrained=str(of_images), freeze="backbone", epochs=1,
        out=tmp_path / "run", quiet=True, baselines=False, cache=tmp_path / "cache",
    )  # fmt: skip
    flat, deep = cs.open_run(of_images).model.state_dict(), run.model.state_dict()
    kernel = flat["0.0.weight"]
    if entry(name).family == "inflated":
        torch.testing.assert_close(deep["0.0.weight"].sum(2), kernel)
        assert deep["0.0.weight"].shape[2] == 3
    else:
        torch.testing.assert_close(deep["frames.net.0.0.weight"], kernel)
    assert run.spec.preprocessing.mean == cs.open_run(of_images).spec.preprocessing.mean
    assert "these are weights of resnet_mini, for images" in " ".join(run.metrics["pretrained"]["notes"])


def test_other_networks_refuse_them(of_images: Path):
    with pytest.raises(CheckpointError, match="'resnet_mini', not of 'r2plus1d_mini'"):
        read_weights(of_images, "r2plus1d_mini")
