"""A run folder that somebody has changed: opening it ends in a refusal that names the file and the field."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.torch import save

import convscope as cs
from convscope.errors import CheckpointError, ConfigError
from convscope.models.weights import read_weights


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tampered")
    data = cs.load("squares", cache=folder / "cache")
    return cs.train(data, "tiny", epochs=1, baselines=False, out=folder / "run").folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


def tell(run: Path, header: str) -> None:
    """Let the weights say something else of their network, as a stranger would: without a checksum."""
    path = run / "model.safetensors"
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - safe_open is no mapping
    path.write_bytes(save(tensors, metadata={"convscope": header}))
    (run / "env.json").unlink()


def header_of(run: Path) -> dict[str, Any]:
    with safe_open(run / "model.safetensors", "pt") as file:
        return json.loads((file.metadata() or {})["convscope"])


CHANGES: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("task", lambda h: h.pop("task")),
    ("task", lambda h: h.update(task="evil")),
    ("model", lambda h: h.update(model=None)),
    ("model", lambda h: h.update(model="")),
    ("model.*'tinny'", lambda h: h.update(model="tinny")),
    ("timm", lambda h: h.update(model="timm:no_such_network")),
    ("classes", lambda h: h.update(classes=5)),
    ("classes", lambda h: h.update(classes=[])),
    ("classes", lambda h: h.update(classes=[1, 2])),
    ("two classes one name", lambda h: h.update(classes=["a", "a"])),
    ("bias|weight", lambda h: h.update(classes=["a", "b", "c", "d", "e"])),
    ("options", lambda h: h.update(options=[1])),
    ("option 'classes'", lambda h: h.update(options={"classes": 99})),
    ("head", lambda h: h.update(head=3)),
    ("head.*'no'", lambda h: h.update(head="no")),
    ("format.*99", lambda h: h.update(format=99)),
    ("preprocessing", lambda h: h.update(preprocessing=None)),
    ("preprocessing.height", lambda h: h["preprocessing"].update(height=10**9)),
    ("preprocessing.width", lambda h: h["preprocessing"].update(width=0)),
    ("preprocessing.channels", lambda h: h["preprocessing"].update(channels=-1)),
    ("preprocessing.*channel", lambda h: h["preprocessing"].update(channels=3)),
    ("preprocessing.fit", lambda h: h["preprocessing"].update(fit="stretch")),
    ("preprocessing.dtype", lambda h: h["preprocessing"].update(dtype="int7")),
    ("preprocessing.std", lambda h: h["preprocessing"].update(std=[0.0])),
    ("preprocessing.mean", lambda h: h["preprocessing"].update(mean=[float("nan")])),
    ("preprocessing.mean", lambda h: h["preprocessing"].update(mean="1")),
    ("preprocessing.nodata", lambda h: h["preprocessing"].update(nodata=["none"])),
]


@pytest.mark.parametrize(("field", "change"), CHANGES, ids=[f"{k}-{field}" for k, (field, _) in enumerate(CHANGES)])
def test_a_changed_header_is_refused_by_its_file_and_field(
    run: Path, field: str, change: Callable[[dict[str, Any]], object]
) -> None:
    header = header_of(run)
    image = np.zeros([header["preprocessing"][side] for side in ("height", "width")], np.uint8)
    change(header)
    tell(run, json.dumps(header))
    with pytest.raises(CheckpointError, match=rf"model\.safetensors(.|\n)*({field})"):
        cs.open_run(run).predict(image)


@pytest.mark.parametrize("text", ["{bad", "[" * 100_000, '{"a":' * 100_000, "5", "[]", "{}", "null", ""])
def test_a_header_that_is_no_table_is_refused_as_a_run_and_as_first_weights(run: Path, text: str) -> None:
    tell(run, text)
    with pytest.raises(CheckpointError, match=r"model\.safetensors.*cannot be read"):
        cs.open_run(run)
    with pytest.raises(CheckpointError, match=r"model\.safetensors.*cannot be read"):
        read_weights(run, "tiny")


@pytest.mark.parametrize(
    "text", ["", "[1]", "5", "[" * 100_000, '{"weights_sha256": 5}', '{"results": []}', '{"results": {"a": 1}}']
)
def test_a_changed_environment_is_refused(run: Path, text: str) -> None:
    (run / "env.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"env\.json is damaged.*--resume"):
        cs.open_run(run)


def test_an_untouched_header_still_opens(run: Path) -> None:
    tell(run, json.dumps(header_of(run)))
    assert cs.open_run(run).spec.classes


@pytest.mark.parametrize("text", ["", "[1]", "5", "{}", "[" * 100_000, '{"split": "test", "accuracy": 1.0}'])
def test_changed_figures_are_refused(run: Path, text: str) -> None:
    (run / "metrics.json").write_text(text)
    opened = cs.open_run(run)
    for look in (lambda: opened.metrics, lambda: repr(opened)):
        with pytest.raises(CheckpointError, match=r"metrics\.json is damaged.*--resume"):
            look()


def test_a_missing_file_is_named(run: Path, finished: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    cs.train(
        "squares", "tiny", epochs=1, seed=1, split_seed=0, baselines=False, out=other, cache=finished.parent / "cache"
    )
    cs.compare([run, other])
    cases = (
        ("epochs.csv", lambda: cs.compare([run, other])),
        ("env.json", lambda: cs.compare([run, other])),
        ("model.safetensors", lambda: cs.open_run(run)),
    )
    for name, look in cases:
        content = (run / name).read_bytes()
        (run / name).unlink()
        with pytest.raises(CheckpointError, match=rf"{name}.* is missing.*--resume"):
            look()
        (run / name).write_bytes(content)
    (run / "env.json").unlink()
    (warning,) = cs.open_run(run).evaluate(cache=finished.parent / "cache")["warnings"]
    assert "env.json is missing" in warning and "have changed" not in warning


@pytest.mark.parametrize("text", ["", "a,b\n1,x\n", "a,b\n1\n2,3\n"])
def test_a_changed_table_of_epochs_is_refused(run: Path, text: str) -> None:
    (run / "epochs.csv").write_text(text)
    with pytest.raises(CheckpointError, match=r"epochs\.csv cannot be read as a table"):
        _ = cs.open_run(run).epochs


@pytest.mark.parametrize("value", ["5", '["a", "b"]', "true"])
def test_data_that_are_no_text_are_refused(run: Path, value: str) -> None:
    (run / "config.toml").write_text(f"data = {value}\n")
    with pytest.raises(ConfigError, match=r"config\.toml: setting 'data': expected text"):
        cs.open_run(run)
