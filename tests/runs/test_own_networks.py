"""Networks of one's own on the whole way: trained, resumed, opened, compared; and what is said of those that cannot."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import own_code
import pytest
import torch
from own_code import Net
from torch import nn

import convscope as cs
from convscope.api import results
from convscope.data.dataset import Data
from convscope.data.spec import OutputSpec
from convscope.errors import CheckpointError, ConfigError
from convscope.models import building, own
from convscope.runs.setup import Training, prepare
from convscope.training.plan import make_plan

QUICK = {"epochs": 1, "baselines": False, "quiet": True}


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path_factory.getbasetemp() / "own cache"))


@pytest.fixture
def no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the report out, which takes longer than these trainings."""
    monkeypatch.setattr(results, "write_report", lambda contents, folder: (folder / "report.html").touch())


def ready(data: Data, network: object, **settings: object) -> Training:
    """Return the training before its first epoch."""
    name = own.name_of(network)
    plan = make_plan({"model": name, "epochs": 1, **settings})
    return prepare(data, plan, source=network if own.is_object(name) else None)


def weights(folder: Path) -> str:
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def net(seed: int = 0, **options: int) -> Net:
    torch.manual_seed(seed)
    return Net(**options)


def test_a_class_its_name_and_the_same_seed_end_in_the_same_bytes(digits: Data, tmp_path: Path):
    first = cs.train(digits, Net, out=tmp_path / "class", set={"width": 3}, **QUICK)
    again = cs.train(digits, "own_code:Net", out=tmp_path / "name", set={"width": 3}, **QUICK)
    assert weights(first.folder) == weights(again.folder)
    assert first.spec.model == "own_code:Net" and first.model.conv1.out_channels == 3
    opened = cs.open_run(first.folder)
    assert opened.evaluate(digits)["accuracy"] == first.metrics["accuracy"]
    assert len(cs.inspect(opened).layers) > 5
    assert cs.trace(opened, digits.test[0].image).node == "fc"
    assert "imports and runs" in (first.folder / "config.toml").read_text().splitlines()[0]
    assert "own_code" in first.report.read_text() and first.metrics["cost"][0] == sum(
        p.numel() for p in opened.model.parameters()
    )


@pytest.mark.usefixtures("no_page")
def test_a_module_is_trained_as_a_copy_and_given_again_to_open_its_run(digits: Data, tmp_path: Path):
    given = net()
    before = {name: value.clone() for name, value in given.state_dict().items()}
    run = cs.train(digits, given, out=tmp_path / "one", **QUICK)
    assert all(torch.equal(value, before[name]) for name, value in given.state_dict().items())
    assert weights(cs.train(digits, given, out=tmp_path / "two", **QUICK).folder) == weights(run.folder)
    assert run.spec.model == "Net()" and "is trained as a copy" in run.metrics["notices"][0]
    closed = cs.open_run(run.folder)
    with pytest.raises(CheckpointError, match=r"given as an object.*model="):
        closed.predict(write_image(digits, tmp_path))
    other = cs.open_run(run.folder, model=net(7))
    assert other.evaluate(digits)["accuracy"] == run.metrics["accuracy"]
    with pytest.raises(CheckpointError, match="does not fit"):
        _ = cs.open_run(run.folder, model=net(width=5)).model


def write_image(data: Data, folder: Path) -> Path:
    from PIL import Image

    Image.fromarray(data.test[0].image[..., 0]).save(folder / "one.png")
    return folder / "one.png"


@pytest.mark.parametrize("moment", ["on_step", "on_epoch"])
@pytest.mark.usefixtures("no_page")
def test_a_stopped_training_of_a_module_goes_on_from_its_own_first_weights(digits: Data, tmp_path: Path, moment: str):
    def stop(*told: object) -> None:
        raise KeyboardInterrupt

    whole = cs.train(digits, net(), out=tmp_path / "whole", **QUICK)
    with pytest.raises(KeyboardInterrupt):
        cs.train(digits, net(), out=tmp_path / "cut", observer=cs.Observer(**{moment: stop}), **QUICK)
    with pytest.raises(ConfigError, match="given as an object"):
        cs.resume(tmp_path / "cut", data=digits)
    resumed = cs.resume(tmp_path / "cut", data=digits, model=net(99), quiet=True)
    assert weights(resumed.folder) == weights(whole.folder)


@pytest.mark.usefixtures("no_page")
def test_a_function_that_no_name_brings_back_is_called_again(digits: Data, tmp_path: Path):
    def build(classes: int, width: int = 2) -> nn.Module:
        return Net(classes, width=width)

    run = cs.train(digits, build, out=tmp_path / "run", set={"width": 3}, **QUICK)
    assert run.spec.model == "build()"
    assert cs.open_run(run.folder, model=build).model.conv1.out_channels == 3


@pytest.mark.usefixtures("no_page")
def test_layers_are_frozen_by_name(digits: Data, tmp_path: Path):
    run = cs.train(digits, Net, out=tmp_path / "run", freeze="conv1,norm", **QUICK)
    first = cs.train(digits, Net, out=tmp_path / "free", **QUICK).model.conv1.weight
    torch.manual_seed(0)
    assert torch.equal(run.model.conv1.weight, building.build(Net, output=OutputSpec(10)).conv1.weight)
    assert not torch.equal(run.model.conv1.weight, first)
    with pytest.raises(ConfigError, match=r"no chain of layers.*name the layers"):
        ready(digits, Net, freeze="backbone")


def test_a_series_takes_classes_modules_and_names(digits: Data, tmp_path: Path):
    networks = [Net, net(width=2), net(width=3), "tiny"]
    series = cs.train_series(digits, networks, out=tmp_path / "series", **QUICK)
    assert not series.failed and series.comparison is not None
    names = {network.name for network in series.comparison.networks}
    assert names == {"own_code:Net", "Net()", "Net#2()", "tiny"}
    again = cs.train_series(digits, networks, out=tmp_path / "series", **QUICK)
    assert [weights(run.folder) for run in again.runs] == [weights(run.folder) for run in series.runs]
    assert len(cs.compare([run.folder for run in series.runs]).networks) == 4  # no code is needed for it


def test_files_of_the_current_folder_are_found_and_named_where_they_are_gone(tmp_path: Path):
    code = tmp_path / "here" / "ownfile.py"
    code.parent.mkdir()
    code.write_text(Path(own_code.__file__).read_text())
    command = [sys.executable, "-m", "convscope"]

    def call(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, check=False)

    settings = ("--epochs", "1", "--no-baselines", "--out", "run")
    trained = call("train", "digits", "--model", "ownfile:Net", *settings, folder=code.parent)
    assert trained.returncode == 0, trained.stderr
    assert "built as Net(classes=10, in_channels=1)" in " ".join(trained.stdout.split())
    noted = json.loads((code.parent / "run" / "env.json").read_text())["code"]
    assert noted["file"] == str(code.resolve())
    code.write_text(code.read_text() + "\n")
    told = call("evaluate", "run", folder=code.parent)
    assert told.returncode == 0 and "has changed since this run began" in told.stderr
    code.write_text(code.read_text().replace("width: int = 4", "width: int = 5"))
    wider = " ".join(call("evaluate", "run", folder=code.parent).stderr.split())
    assert (
        "size mismatch for conv1.weight" in wider
        and f"Has its code changed since it was trained ({noted['file']})?" in wider
    )
    assert "\N{REPLACEMENT CHARACTER}" not in wider
    elsewhere = call("evaluate", "here/run", folder=tmp_path)
    assert elsewhere.returncode and str(code.resolve()) in elsewhere.stderr and "Traceback" not in elsewhere.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("own_code.py:Net", "did you mean 'own_code:Net'"),
        ("models/own_code.py:Net", "did you mean 'models.own_code:Net'"),
        ("own_code:Nett", "did you mean 'Net'"),
        ("no_such_file:Net", "there is no module 'no_such_file'"),
        ("os:getcwd", "a part of Python itself"),
        ("own_code:", "is no package.module:name"),
        ("own_code:QUICK", "has no 'QUICK'"),
        ("Net()", "given as an object"),
        ("own_code:a_number", "of the type int"),
        ("own_code:Failing", r"RuntimeError: no such layer \(own_code.py, line"),
        ("own_code:Demanding", "missing a required argument: 'depth'"),
        ("own_code:returned", "the same layers each time"),
        ("own_code:WrongClasses", r"returns \(16, 7\) for 16 images: expected \(16, 10\)"),
        ("own_code:Maps", r"returns \(16, 10, 1, 1\).*flatten\(1\)"),
        ("own_code:Two", "returns a tuple of 2 in evaluation mode"),
        ("own_code:Auxiliary", "returns a tuple of 2 in training mode"),
        ("own_code:Double", r"conv1.weight is float64.*\.float\(\)"),
        ("own_code:NoParameters", "no parameters"),
        ("own_code:Frozen", "requires_grad=False"),
        ("own_code:WritesIntoImages", r"x = x\.clone\(\)"),
        ("own_code:SpoilsGradients", "modified by an inplace operation"),
        ("own_code:Listed", r"layers\[0\] would neither be trained nor saved"),
        ("own_code:Unsaved", "answers differently.*register_buffer"),
        ("own_code:AnyDepth", "another network each time"),
        ("own_code:HardBatch", r"fails on images 16 × 1 × 8 × 8.*own_code.py, line"),
        ("own_code:NotANumber", "NaN or infinity"),
        ("own_code:Detached", "no gradient comes back"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_the_first_epoch(digits: Data, name: str, message: str):
    with pytest.raises(ConfigError, match=message):
        ready(digits, name)


def test_a_step_of_one_image_is_refused_where_a_norm_needs_two(digits: Data):
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.BatchNorm1d(8), nn.Linear(8, 10))
    with pytest.raises(ConfigError, match=r"1 × 1 × 8 × 8.*training mode.*larger --batch-size"):
        ready(digits, net, batch_size=1)


@pytest.mark.parametrize(
    ("name", "notice"),
    [
        ("Softmax", "gives probabilities"),
        ("AlwaysDropping", "differently each time"),
        ("Mixing", "in a batch than alone"),
        ("Unused", "does not use extra.weight, extra.bias"),
        ("Held", "holds conv1.weight, conv1.bias still"),
    ],
)
def test_what_is_odd_is_told(digits: Data, name: str, notice: str):
    (told,) = ready(digits, f"own_code:{name}").notices
    assert notice in told


@pytest.mark.parametrize("name", ["Net", "Lazy", "Tied", "Drawn", "sized"])
def test_what_is_usual_passes_without_a_word_and_begins_alike(digits: Data, name: str):
    np.random.seed(1)
    first = ready(digits, f"own_code:{name}")
    np.random.seed(2)
    second = ready(digits, f"own_code:{name}")
    assert first.notices == ()
    state = second.model.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in first.model.state_dict().items())


@pytest.mark.usefixtures("no_page")
def test_shared_and_lazy_weights_survive_the_way_to_disk(digits: Data, tmp_path: Path):
    for name in ("Tied", "Lazy"):
        run = cs.train(digits, f"own_code:{name}", out=tmp_path / name, ema=0.9, **QUICK)
        assert cs.open_run(run.folder).evaluate(digits)["accuracy"] == run.metrics["accuracy"]


def test_forms_that_the_code_does_not_bear_are_left_out(digits: Data):
    assert ready(digits, Net).plan.channels_last is False  # its view() fails on maps in that order
    with pytest.raises(ConfigError, match=r"'channels_last'.*view"):
        ready(digits, Net, channels_last=True)


def test_freezing_is_said_in_one_place(digits: Data):
    with pytest.raises(ConfigError, match="in one of the two places"):
        ready(digits, own_code.Held, freeze="conv2")


def test_options_go_before_what_the_data_say(digits: Data):
    def narrow(channels: int = 8) -> nn.Module:  # which here means a width
        return Net(width=channels)

    assert ready(digits, narrow, set={"channels": 3}).model.conv1.out_channels == 3
    with pytest.raises(ConfigError, match=r"no option 'widht'; did you mean 'width'"):
        ready(digits, Net, set={"widht": 3})
    with pytest.raises(ConfigError, match="takes no options"):
        ready(digits, net(), set={"width": 3})


@pytest.mark.usefixtures("no_page")
def test_a_run_of_the_list_takes_no_network(digits: Data, tmp_path: Path):
    run = cs.train(digits, "tiny", out=tmp_path / "run", **QUICK)
    with pytest.raises(ConfigError, match="leave model out"):
        cs.open_run(run.folder, model=Net)


def test_inspect_and_trace_take_what_builds_a_network(tmp_path: Path):
    from PIL import Image

    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(tmp_path / "one.png")
    assert cs.inspect(Net, (1, 8, 8)).totals.parameters == cs.inspect("own_code:Net", (1, 8, 8)).totals.parameters
    assert cs.trace("own_code:Net", tmp_path / "one.png").node == "fc"  # brought to its own size
    assert (
        cs.trace(cs.record(net(), (1, 8, 8)), tmp_path / "one.png").value == cs.trace(net(), tmp_path / "one.png").value
    )
    with pytest.raises(ConfigError, match="'classes'"):
        cs.inspect("own_code:sized", (1, 8, 8))
