"""A network of masks on the published weights of a classifier: under their own names, from the cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from cli.command import call, says
from convscope.models import public
from convscope.runs.run import open_run

TRAIN = ("--model", "unet:resnet18", "--pretrained", "public", "--epochs", "1", "--no-baselines", "--no-amp")


def resnet18() -> dict[str, Tensor]:
    """Return weights of the names and shapes that torchvision's file has."""
    random = torch.Generator().manual_seed(0)
    state: dict[str, Tensor] = {}

    def conv(name: str, out: int, into: int, size: int) -> None:
        state[f"{name}.weight"] = torch.randn(out, into, size, size, generator=random) * (2 / (into * size**2)) ** 0.5

    def norm(name: str, width: int) -> None:
        for key, value in (("weight", 1.0), ("bias", 0.1), ("running_mean", 0.0), ("running_var", 1.0)):
            state[f"{name}.{key}"] = torch.full((width,), value)
        state[f"{name}.num_batches_tracked"] = torch.tensor(7)

    conv("conv1", 64, 3, 7)
    norm("bn1", 64)
    into = 64
    for stage, width in enumerate((64, 128, 256, 512), 1):
        for block in (0, 1):
            at = f"layer{stage}.{block}"
            for k in (1, 2):
                conv(f"{at}.conv{k}", width, into if k == 1 else width, 3)
                norm(f"{at}.bn{k}", width)
            if into != width:
                conv(f"{at}.downsample.0", width, into, 1)
                norm(f"{at}.downsample.1", width)
            into = width
    return state | {"fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return eight colour images of bright boxes, with their masks."""
    for k in range(8):
        rng, mask = np.random.default_rng(k), np.zeros((32, 32), np.uint8)
        mask[5 : 15 + k, 8:20] = 255
        image = np.clip(60 + mask[..., None] // 2 + rng.normal(0, 9, (32, 32, 3)), 0, 255).astype(np.uint8)
        for kind, pixels in (("images", image), ("masks", mask)):
            (tmp_path / "set" / kind).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(tmp_path / "set" / kind / f"{k}.png")
    return tmp_path / "set"


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the file in the cache, under the name that it is published with; nobody may fetch another one."""
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "cache" / "weights" / "resnet18-f37072fd.pth"
    path.parent.mkdir(parents=True)
    torch.save(resnet18(), path)
    known = replace(public.PUBLIC["resnet18"], sha256=public.sha256(path)[:8], url=f"http://127.0.0.1:9/{path.name}")
    monkeypatch.setitem(public.PUBLIC, "resnet18", known)
    yield path


def test_the_decoder_learns_on_the_published_encoder(
    data: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("train", data, *TRAIN, "--out", tmp_path / "run") == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "frozen: backbone" in printed and "these weights have no decoder, which starts fresh" in printed
    run = open_run(tmp_path / "run")
    after, before = run.model.state_dict(), torch.load(weights, weights_only=True)
    taken = {name: tensor for name, tensor in before.items() if not name.startswith("fc.")}
    assert taken.keys() == {name for name in after if not name.startswith("decoder.")}
    assert all(torch.equal(after[name], tensor) for name, tensor in taken.items())  # one epoch is the decoder's alone
    transform = run.spec.preprocessing
    assert transform.mean == public.IMAGENET_MEAN and transform.std == public.IMAGENET_STD  # pyright: ignore
    assert transform.fit == "keep"  # pyright: ignore[reportAttributeAccessIssue]


def test_without_a_connection_it_says_which_file_to_bring_where(
    data: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights.unlink()
    message = "weights of resnet18 could not be fetched from http://127.0.0.1:9/resnet18-f37072fd.pth"
    says(capsys, message, "train", data, *TRAIN, "--out", tmp_path / "run")
    says(capsys, f"put it there: {weights}", "train", data, *TRAIN, "--out", tmp_path / "run")
    assert not (tmp_path / "run" / "config.toml").exists()
    weights.write_bytes(b"another file")
    says(capsys, "could not be fetched", "train", data, *TRAIN, "--out", tmp_path / "run")
