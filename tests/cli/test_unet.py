"""Networks whose answer is a map, from the command line: listed, inspected, and opened down to a pixel."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.command import call, says


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """An image whose sides no pooling divides."""
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (21, 30), dtype=np.uint8)).save(tmp_path / "cell.png")
    return tmp_path / "cell.png"


def told(capsys: pytest.CaptureFixture[str], *arguments: object):
    assert call(*arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_they_are_listed_with_what_they_give(capsys: pytest.CaptureFixture[str]) -> None:
    gives = {row["name"]: (row["gives"], row["image"]) for row in told(capsys, "models")}
    assert gives["unet"] == ("map", "1×256×256") and gives["unet_encoder"][0] == "vector"
    assert gives["unet3d_mini"] == ("map", "1×64×64×64")
    row = told(capsys, "models", "unet:resnet18")
    assert row["pretrained"]["sha256"] == "f37072fd" and row["smallest"] == 1 and row["head"] == ["decoder"]
    says(capsys, "'unet:resnet81' is not in the list; did you mean 'unet:resnet18'?", "models", "unet:resnet81")
    says(capsys, "no module 'unet' in ", "inspect", "unet:resnet81")


def test_any_size_is_inspected_and_a_position_sees_what_tiles_must_overlap_by(
    capsys: pytest.CaptureFixture[str],
) -> None:
    values = told(capsys, "inspect", "unet_mini", "--input", "1x512x512")
    assert values["layers"][-1]["shape"] == [2, 512, 512] and values["totals"]["parameters"] == 482_466
    assert not {one["op"] for one in values["layers"]} & {"pad", "strided_slice"}  # a size that needs neither
    assert told(capsys, "inspect", "unet")["layers"][-1]["shape"] == [2, 256, 256]
    seen = told(capsys, "inspect", "unet_mini", "--input", "1x512x512", "--field", "decoder.out@0,256,256")
    rows = seen["inputs"]["input"]["positions"][1]
    # 4 × (1 + 2 + 4 + 8) down, 4 × (4 + 2 + 1) up, 1 + 2 + 4 by pooling: radii of 44 and, with pooling, up to 51.
    assert 44 <= 256 - rows[0] <= 51 and 44 <= rows[-1] - 256 <= 51


def test_both_engines_agree_on_an_image_in_its_own_size(capsys: pytest.CaptureFixture[str], picture: Path) -> None:
    both = told(capsys, "inspect", "unet_mini", "--verify", "--image", picture)
    assert all(one["holds"] for one in both)
    assert told(capsys, "trace", "unet_mini", picture)["at"][1] < 21


def test_a_pixel_of_the_map_is_opened_down_to_a_pixel_of_the_image(
    capsys: pytest.CaptureFixture[str], picture: Path
) -> None:
    number = told(capsys, "trace", "unet_mini", picture, "--at", "1,20,29", "--follow", "1")
    assert number["total"] == pytest.approx(number["value"], rel=1e-5)
    path = [number]
    while path[-1]["followed"]:
        path.append(path[-1]["followed"][0])
    assert [each["op"] for each in path][:2] == ["strided_slice", "correlate"]  # cropped, then summed
    with Image.open(picture) as image:
        assert path[-1]["total"] == np.asarray(image)[tuple(path[-1]["at"][1:])]
