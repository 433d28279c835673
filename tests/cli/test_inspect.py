"""``convscope inspect``: what it prints of networks, runs and modules, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.command import call, says


def test_a_table_of_a_network(capsys):
    assert call("inspect", "lenet", "--input", "1x28x28") == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    total = next(line for line in lines if line.split()[:1] == ["total"])
    assert total.split() == ["total", "233,578", "3,015,136", "3,029,024"]
    assert any(line.split()[:5] == ["3", "Conv2d", "32×10×10", "25,632", "2,560,000"] for line in lines)
    assert "multiplications and additions apart" in printed.out
    assert "CS302-one-dense-layer" in printed.err


def test_a_warning_is_silenced_by_its_code(capsys):
    assert call("inspect", "lenet", "--silence", "CS302") == 0
    assert "CS302" not in capsys.readouterr().err


def test_depth_and_every_operation(capsys):
    assert call("inspect", "resnet18", "--depth", "1") == 0
    assert "layer4.1" not in capsys.readouterr().out
    assert call("inspect", "resnet18", "--full") == 0
    assert "layer4.1.conv2" in capsys.readouterr().out


def test_json_and_csv_say_the_same(capsys):
    assert call("inspect", "vgg_mini", "--json") == 0
    values = json.loads(capsys.readouterr().out)
    assert call("inspect", "vgg_mini", "--csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["layer"] for row in rows] == [layer["name"] for layer in values["layers"]]
    for column in ("parameters", "multiplications", "additions"):
        assert sum(int(row[column]) for row in rows) == values["totals"][column]
    assert values["inputs"] == {"input": [1, 28, 28]} and values["totals"]["at_least"] is False


def test_a_run_its_field_and_both_engines(run, tmp_path, capsys):
    image = tmp_path / "eight.png"
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8) * 4).save(image)
    drawn = tmp_path / "field.png"
    assert call("inspect", run, "--field", "0@0,0", "--image", image, "--out", drawn) == 0
    with Image.open(drawn) as picture:
        assert picture.size[0] > 300
    assert "of the input" in capsys.readouterr().out
    assert call("inspect", run, "--verify", "--image", image, "--json") == 0
    both = json.loads(capsys.readouterr().out)
    assert [one["dtype"] for one in both] == ["float64", "float32"]
    assert all(one["holds"] and one["largest"] <= one["limit"] for one in both)


def test_a_field_in_numbers(capsys):
    assert call("inspect", "lenet", "--field", "3@2,0,9", "--json") == 0
    values = json.loads(capsys.readouterr().out)
    assert values["at"] == [2, 0, 9] and values["inputs"]["input"]["positions"][1] == list(range(11))
    assert call("inspect", "lenet", "--field", "3@0,9") == 0
    assert "3 [all, 0, 9] sees 121 numbers of input: 0 × 0..10 × 17..27" in capsys.readouterr().out


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "own_networks.py").write_text(
        "import torch\nfrom torch import nn\n"
        "def small():\n    return nn.Sequential(nn.Embedding(9, 4), nn.GRU(4, 3, batch_first=True))\n"
        "def broken():\n    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(5, 2))\n"
        "def sized(n):\n    return nn.Linear(n, 1)\n"
        "def wrong():\n    return nn.Linear('three', 1)\n"
        "class Outside(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.conv = nn.Conv1d(2, 4, 3)\n"
        "    def forward(self, x):\n"
        "        print('forward')\n"
        "        return torch.from_numpy(self.conv(x).detach().numpy()) * 2\n"
        "class Both(nn.Module):\n"
        "    def forward(self, image, tokens):\n        return image + tokens[:, None] * 1.0\n"
    )
    monkeypatch.chdir(tmp_path)
    return "own_networks"


def test_a_module_of_ones_own_and_tokens(own_module, capsys):
    assert call("inspect", f"{own_module}:small", "--input", "input:int64:5", "--full") == 0
    assert any(line.split()[:3] == ["1", "gru", "5×3"] for line in capsys.readouterr().out.splitlines())
    assert call("inspect", f"{own_module}:small", "--input", "input:int64:5", "--verify") == 0


def test_what_is_refused(own_module, capsys):
    says(capsys, "did you mean 'lenet'?", "inspect", "lenett")
    says(capsys, "there is no node '33'", "inspect", "lenet", "--field", "33@1,1")
    says(capsys, "valid is 0..31, 0..9, 0..9", "inspect", "lenet", "--field", "3@10,1")
    says(capsys, "write NODE@y,x", "inspect", "lenet", "--field", "3@a")
    says(capsys, "--out belongs to --field", "inspect", "lenet", "--out", "x.png")
    says(capsys, "ends in .png or .svg", "inspect", "lenet", "--field", "3@1,1", "--out", "x.gif")
    says(capsys, "the shape of one input is needed", "inspect", f"{own_module}:small")
    says(capsys, "1 (Linear) failed", "inspect", f"{own_module}:broken", "--input", "1x8x8")
    says(capsys, "cannot be built without arguments", "inspect", f"{own_module}:sized", "--input", "3")
    says(capsys, "failed while it was built: TypeError", "inspect", f"{own_module}:wrong", "--input", "3")
    says(capsys, "there is no design warning 'CS999'", "inspect", "lenet", "--silence", "CS999")
    says(capsys, "which network? Give a run folder", "inspect", "")


IGNORED = [
    (("--json", "--csv"), "with --csv"),
    (("--field", "3", "--effective-field", "3"), "--field and --effective-field"),
    (("--verify", "--csv"), "--verify and --csv"),
    (("--full", "--depth", "2"), "--full and --depth"),
    (("--depth", "2", "--json"), "--json belongs to the table or --field"),
    (("--verify", "--silence", "CS101"), "--silence belongs to the table or --full or --depth"),
    (("--equivariance", "--out", "x.png"), "--out belongs to --field or --effective-field"),
    (("--field", "3@1,1", "--image", "x.png"), "with --out"),
    (("--depth", "-1"), "--depth: expected a whole number of at least 1, found -1"),
    (("--input", "axb"), "--input 'axb': write the sizes of one example without the batch"),
    (("--input=-1x3x3",), "--input '-1x3x3': write the sizes"),
    (("--input", ""), "--input '': write the sizes"),
]


@pytest.mark.parametrize(("flags", "message"), IGNORED)
def test_no_flag_is_ignored(capsys, monkeypatch, flags, message):
    monkeypatch.setattr("convscope.api.inspect.open_network", None)  # it is said before anything is built
    says(capsys, message, "inspect", "lenet", *flags)


def test_what_leaves_pytorch_is_told(own_module, tmp_path, capsys):
    assert call("inspect", f"{own_module}:Outside", "--input", "2x9", "--json") == 0
    values = json.loads(capsys.readouterr().out)  # what the forward prints is not in it
    assert values["totals"]["at_least"] and values["totals"]["unused_parameters"] == 0
    assert values["layers"][-1]["share"] is None and values["reads"][0]["call"] == "numpy"
    assert call("inspect", f"{own_module}:Outside", "--input", "2x9", "--verify") == 0
    printed = capsys.readouterr()
    assert "agree, as far as compared" in printed.out
    assert "not compared: outside_PyTorch" in printed.err and "leaves PyTorch (.numpy())" in printed.err
    assert (
        call("inspect", f"{own_module}:Outside", "--input", "2x9", "--field", "conv@3", "--out", tmp_path / "a.png")
        == 0
    )
    assert "3] sees 6 numbers of input: 0..1 × 3..5" in capsys.readouterr().out
    with Image.open(tmp_path / "a.png") as picture:  # a signal is drawn too
        assert picture.size[0] > 300


def test_several_inputs_by_name_and_by_order(own_module, capsys):
    shapes = ("--input", "tokens:int64:6", "--input", "1x6")
    assert call("inspect", f"{own_module}:Both", *shapes, "--json") == 0
    assert json.loads(capsys.readouterr().out)["inputs"] == {"tokens": [6], "image": [1, 6]}
    assert call("inspect", f"{own_module}:Both", *shapes, "--verify") == 0
