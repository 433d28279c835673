"""The classes of a run: compared in one Unicode form with those of another set or run, and each with its own name."""

from __future__ import annotations

import json
import shutil
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save

import convscope as cs
from convscope.errors import CheckpointError, DataError
from convscope.runs.compare.checks import check_comparable
from convscope.runs.run import open_run
from convscope.training.defaults import settle
from convscope.training.plan import make_plan
from renaming import renamed

NAMES = ("café", "thé")


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def folders(root: Path, names: tuple[str, ...]) -> Path:
    """Write two classes, dark and bright."""
    for k, name in enumerate(names):
        (root / name).mkdir(parents=True)
        for i in range(15):
            pixels = np.random.default_rng([k, i]).integers(0, 100, (8, 8)) + 150 * k
            Image.fromarray(pixels.astype(np.uint8)).save(root / name / f"{i}.png")
    return root


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    at = tmp_path_factory.mktemp("names")
    settings = {"epochs": 8, "lr": 0.02, "baselines": False, "cache": str(at / "cache")}
    return cs.train(folders(at / "set", NAMES), "tiny", out=at / "run", **settings).folder


def altered(run: Path, copy: Path, **changes: object) -> Path:
    """Copy a run; its weights file says something else, and nothing vouches for it."""
    shutil.copytree(run, copy)
    with safe_open(copy / "model.safetensors", "pt") as file:
        said = json.loads(file.metadata()["convscope"])
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - safe_open is no mapping
    metadata = {"convscope": json.dumps({**said, **changes})}
    (copy / "model.safetensors").write_bytes(save(weights, metadata=metadata))
    (copy / "env.json").unlink()
    return copy


def test_a_set_in_another_form_has_the_same_classes(run, tmp_path):
    found = open_run(run).evaluate(folders(tmp_path / "set", (nfd(NAMES[0]), nfd(NAMES[1]))), cache=str(tmp_path))
    assert found["accuracy"]["value"] == 1.0
    assert [each["class"] for each in found["per_class"]] == list(NAMES)


def test_a_run_from_before_may_hold_names_in_another_form(run, tmp_path):
    before = open_run(altered(run, tmp_path / "before", classes=[nfd(name) for name in NAMES]))
    assert before.evaluate(folders(tmp_path / "set", NAMES), cache=str(tmp_path))["accuracy"]["value"] == 1.0
    table = tmp_path / "before" / "split.csv"
    table.write_text(nfd(table.read_text(encoding="utf-8")), encoding="utf-8")
    check_comparable(open_run(run), before)


def test_two_classes_of_one_name_are_refused(run, tmp_path):
    folder = altered(run, tmp_path / "twice", classes=["crane", "crane"])
    with pytest.raises(CheckpointError) as caught:
        open_run(folder)
    assert str(caught.value).startswith(
        f"{folder / 'model.safetensors'} gives two classes one name ('crane' at 0 and 1)"
    )


def test_the_positive_class_may_be_typed_in_either_form(digits):
    data = renamed(digits, NAMES)
    assert settle(make_plan({"positive": nfd(NAMES[1])}), data).plan.options.positive == NAMES[1]


def test_a_set_with_two_classes_of_one_name_is_not_trained_on(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros((9, 8, 8), np.uint8), y=np.arange(9) % 3, class_names=["a", "b", "a"])
    with pytest.raises(DataError, match="'a' at 0 and 2"):
        cs.train(tmp_path / "a.npz", "tiny", out=tmp_path / "run", cache=str(tmp_path))
    assert not (tmp_path / "run").exists()
