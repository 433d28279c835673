"""``convscope explain NAME --pretrained FILE``: a network of the list with weights that are no run's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

import convscope as cs
from cli.command import call, says
from convscope.models import create
from real_data import real_data

NAME = "squeezenet1_1"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("weights") / "published.safetensors"
    save_file(create(NAME, classes=1000).state_dict(), file)
    return file


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    for at, size in enumerate([(300, 260), (240, 400)]):
        noise = np.random.default_rng(at).integers(0, 255, (*size, 3), dtype=np.uint8)
        Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(folder / f"{at}.png")
    return folder


def test_photographs_of_any_size_are_explained_under_the_names_given(
    weights: Path, photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "names.txt").write_text("".join(f"kind {k}\n" for k in range(1000)))
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut")
    words = ["--method", "gradcam", "--no-checks", "--out", tmp_path / "out"]
    given = ["--pretrained", weights, "--names", tmp_path / "names.txt"]
    assert call("explain", NAME, photographs, tmp_path / "broken.jpg", *given, *words) == 2
    printed = capsys.readouterr()
    page = (tmp_path / "out" / "explanations.html").read_text()
    assert f"{NAME} with {weights.name}" in page and "held-out" not in page  # nothing was checked, and not on such
    rows = (tmp_path / "out" / "explanations.csv").read_text()
    assert rows.count("kind ") >= 2 and "broken.jpg" in rows
    assert "shorter side has 224 pixels" in " ".join(printed.err.split())
    assert "broken.jpg" in printed.err


def test_the_score_is_that_of_the_network_on_the_cropped_image(weights: Path, photographs: Path) -> None:
    (result,) = cs.explain(NAME, [photographs / "0.png"], "gradient", pretrained=weights)
    model = create(NAME, classes=1000)
    from safetensors.torch import load_file

    model.load_state_dict(load_file(weights))
    picture = Image.open(photographs / "0.png").convert("RGB")
    assert result.raw is not None and result.raw.shape == (224, 224, 3)
    scaled = (result.raw / 255 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    with torch.inference_mode():
        logits = model.eval()(torch.tensor(scaled.transpose(2, 0, 1)[None], dtype=torch.float32))[0]
    answer = int(logits.argmax())
    assert result.answer["label"] == str(answer)
    assert (result.score, result["gradient"].score) == ("logit", pytest.approx(float(logits[answer]), abs=1e-5))
    assert min(picture.size) > 224


def test_random_weights_are_called_random(
    photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = tmp_path / "small.png"
    Image.open(photographs / "0.png").resize((64, 64)).save(image)
    assert call("explain", NAME, image, "--method", "gradcam", "--no-checks", "--out", tmp_path / "out") == 0
    assert "are random" in capsys.readouterr().err


def test_what_does_not_fit_is_said(
    weights: Path, photographs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = photographs / "0.png"
    (tmp_path / "names.txt").write_text("ant\nbee\n")
    classes = ["--names", tmp_path / "names.txt"]
    says(capsys, "has 1,000 outputs, and 2 names", "explain", NAME, image, "--pretrained", weights, *classes)
    says(capsys, "--names", "explain", NAME, image, *classes)
    says(capsys, "--pretrained", "explain", NAME, image, "--maps", "--pretrained", weights)
    says(capsys, "resnet18", "explain", "resnet18", image, "--pretrained", weights)
    says(capsys, "no.npz", "explain", NAME, image, "--pretrained", tmp_path / "no.npz")
    damaged = create(NAME, classes=1000).state_dict()
    damaged["features.0.weight"][0, 0, 0, 0] = float("nan")
    save_file(damaged, tmp_path / "nan.safetensors")
    says(capsys, "NaN", "explain", NAME, image, "--pretrained", tmp_path / "nan.safetensors")


def test_a_bee_is_told_with_the_weights_of_imagenet(tmp_path: Path) -> None:
    file = real_data("squeezenet1_0_imagenet") / "squeezenet1_0_imagenet.npz"
    photograph = sorted((real_data("hymenoptera") / "val" / "bees").glob("*.jpg"))[0]
    (result,) = cs.explain("squeezenet1_0", [photograph], "gradcam", pretrained=file)
    assert result.answer["label"] == "309" and result.answer["probability"] > 0.9
