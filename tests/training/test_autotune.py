"""The fastest form of a training: what is measured, what is chosen, what is remembered."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from convscope.data.batch import Batch
from convscope.tasks.classification.objective import CrossEntropy
from convscope.training import accelerate, autotune
from convscope.training.defaults import ResolvedPlan
from convscope.training.plan import Plan, make_plan

IMAGES = 6_400
Seconds = dict[tuple[bool, bool, bool, int], float]


class Stopwatch:
    """Takes the place of a trial: what a step of each form takes is given, and what was tried is noted."""

    def __init__(self, seconds: Seconds) -> None:
        self.seconds, self.tried = seconds, []

    def __call__(self, model: nn.Module, batch: Batch, plan: Plan, *_: object) -> Stopwatch:
        trial = Stopwatch(self.seconds)
        trial.batch = batch
        trial.form = (bool(plan.amp), bool(plan.channels_last), bool(plan.compile), len(batch))
        self.tried.append(trial.form)
        return trial

    def step(self) -> dict[str, float]:
        return {"all": self.seconds[self.form] * len(self.batch)}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with bfloat16 instructions and no compiler."""
    monkeypatch.setattr(autotune, "bf16_is_fast", lambda device: True)
    monkeypatch.setattr(autotune, "why_not_compile", lambda device: "there is no compiler")


FORMS: Seconds = {
    (True, True, False, 64): 0.001, (True, False, False, 64): 0.002,
    (False, True, False, 64): 0.003, (False, False, False, 64): 0.004,
    (True, True, False, 128): 0.001, (False, True, False, 128): 0.003,
}  # fmt: skip


def chosen(
    monkeypatch: pytest.MonkeyPatch, memory: Path, seconds: Seconds, *, batch_open: bool = True, **settings: object
) -> tuple[ResolvedPlan, list[tuple[bool, bool, bool, int]]]:
    watch = Stopwatch(seconds)
    monkeypatch.setattr(autotune, "Trial", watch)
    plan = make_plan({"model": "lenet", "epochs": 20, "batch_size": 64, **settings})
    settled = ResolvedPlan(plan, {"batch_size": "for this many images"} if batch_open else {})
    batch = Batch(np.arange(64), (torch.zeros(64, 1, 8, 8),), (torch.zeros(64, dtype=torch.long),))
    found = autotune.fastest(settled, nn.Identity(), batch, CrossEntropy(2), images=IMAGES, memory=memory)
    return found, watch.tried


@pytest.mark.usefixtures("machine")
def test_the_fastest_form_is_taken_and_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seconds = {**FORMS, (False, True, False, 64): 0.0005, (False, True, False, 128): 0.0005}
    found, tried = chosen(monkeypatch, tmp_path / "speeds.json", seconds)
    assert (found.plan.amp, found.plan.channels_last, found.plan.compile, found.plan.batch_size) == (
        False, True, False, 64,
    )  # fmt: skip
    assert found.reasons["amp"].startswith(
        "measured, examples/s of a step: float32, channels last, batch size 64 2,000;"
    )
    assert "bfloat16, channels last, batch size 64 1,000" in found.reasons["amp"]
    assert tried[0] == (True, True, False, 64)  # what the processor and the network suggest


@pytest.mark.usefixtures("machine")
def test_the_suggested_form_stays_unless_another_is_clearly_faster(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seconds = {**FORMS, (False, True, False, 64): 0.00097, (False, True, False, 128): 0.00097}
    found, _ = chosen(monkeypatch, tmp_path / "speeds.json", seconds)
    assert found.plan.amp is True


@pytest.mark.usefixtures("machine")
def test_larger_batches_must_pay_and_be_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seconds = {**FORMS, (True, True, False, 128): 0.0007}
    assert chosen(monkeypatch, tmp_path / "1", seconds)[0].plan.batch_size == 128
    assert chosen(monkeypatch, tmp_path / "2", {**seconds, (True, True, False, 128): 0.0009})[0].plan.batch_size == 64
    found, tried = chosen(monkeypatch, tmp_path / "3", seconds, batch_open=False)
    assert found.plan.batch_size == 64
    assert all(size == 64 for *_, size in tried)


@pytest.mark.usefixtures("machine")
def test_what_the_user_set_is_not_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found, tried = chosen(monkeypatch, tmp_path / "1", FORMS, amp=False)
    assert found.plan.amp is False
    assert {amp for amp, *_ in tried} == {False}
    found, tried = chosen(monkeypatch, tmp_path / "2", FORMS, amp=False, channels_last=False, compile=False)
    assert (found.plan.amp, found.plan.channels_last, tried) == (False, False, [])


@pytest.mark.usefixtures("machine")
def test_a_short_training_is_not_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found, tried = chosen(monkeypatch, tmp_path / "speeds.json", FORMS, epochs=2)
    assert (found.plan.amp, found.plan.channels_last, found.plan.compile, tried) == (True, True, False, [])
    assert "measuring would take more than 3 %" in found.reasons["amp"]


@pytest.mark.usefixtures("machine")
def test_a_second_training_takes_the_same_form_without_measuring(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, _ = chosen(monkeypatch, tmp_path / "speeds.json", FORMS)
    second, tried = chosen(monkeypatch, tmp_path / "speeds.json", dict.fromkeys(FORMS, 1.0))
    assert (second.plan, tried) == (first.plan, [])
    assert second.reasons["amp"].startswith("measured before on this machine")
    _, tried = chosen(monkeypatch, tmp_path / "speeds.json", FORMS, model="lenet5")
    assert tried


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("name", "value"), [("seconds", "x"), ("seconds", -1.0), ("batch_size", None), ("batch_size", 10**9), ("amp", 3)]
)
def test_a_memory_that_cannot_be_true_is_measured_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: object
) -> None:
    memory = tmp_path / "speeds.json"
    first, _ = chosen(monkeypatch, memory, FORMS)
    kept = json.loads(memory.read_text())
    next(iter(kept.values()))[1][name] = value
    memory.write_text(json.dumps(kept))
    again, tried = chosen(monkeypatch, memory, FORMS)
    assert (again.plan, bool(tried)) == (first.plan, True)


@pytest.mark.usefixtures("machine")
def test_a_damaged_memory_is_measured_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "speeds.json").write_text('{"half')
    found, tried = chosen(monkeypatch, tmp_path / "speeds.json", FORMS)
    assert found.plan.amp and tried
    again, tried = chosen(monkeypatch, tmp_path / "speeds.json", FORMS)
    assert (again.plan, tried) == (found.plan, [])
    assert [path.name for path in tmp_path.iterdir()] == ["speeds.json"]  # written beside itself


def test_compiling_counts_with_what_it_costs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = accelerate.Measured(True, True, False, 64, 0.001)
    for compiling, compiled in ((10.0, True), (60.0, False)):
        rows = [first, accelerate.Measured(True, True, True, 64, 0.0007, compiling)]
        found = autotune._chosen(
            ResolvedPlan(make_plan({"epochs": 20}), {}), rows, IMAGES, "measured"
        )  # 128 s as suggested
        assert found.plan.compile is compiled


def test_without_a_compiler_the_usual_way_is_taken_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    accelerate.why_not_compile.cache_clear()
    found = autotune.suggested(ResolvedPlan(make_plan({"model": "tiny", "compile": True}), {}))
    accelerate.why_not_compile.cache_clear()
    assert found.plan.compile is False
    assert found.reasons["compile"] == "not compiled: there is no C++ compiler (no-such-compiler) here"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's compiler uses what torch deprecates
def test_a_compiled_network_trains_its_own_weights_to_the_same_end() -> None:
    if hindrance := accelerate.why_not_compile("cpu"):
        pytest.skip(hindrance)
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))
    own = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))
    own.load_state_dict(plain.state_dict())
    compiled = accelerate.accelerated(own, replace(Plan(), compile=True), (8, 1, 8, 8)).train()
    x = torch.randn(8, 1, 8, 8)
    for net, run in ((plain, plain), (own, compiled)):
        optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
        for batch in (x, x, x[:3]):
            optimiser.zero_grad()
            nn.functional.cross_entropy(run(batch), torch.zeros(len(batch), dtype=torch.long)).backward()
            optimiser.step()
    for a, b in zip(plain.parameters(), own.parameters(), strict=True):
        torch.testing.assert_close(a, b)
    assert list(own.state_dict()) == list(plain.state_dict())


@pytest.mark.usefixtures("machine")
def test_short_memory_means_that_nothing_is_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def short(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(Stopwatch, "__call__", short)
    found, _ = chosen(monkeypatch, tmp_path / "speeds.json", FORMS)
    assert (found.plan.amp, found.plan.channels_last, found.plan.batch_size) == (True, True, 64)
    assert "too much memory" in found.reasons["amp"]


@pytest.mark.usefixtures("machine")
def test_what_was_too_dear_once_is_not_measured_the_next_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clock = iter([0.0, *[1e6] * 100])
    monkeypatch.setattr(autotune.time, "perf_counter", lambda: next(clock))  # a very busy machine
    first, tried = chosen(monkeypatch, tmp_path / "speeds.json", FORMS)
    monkeypatch.undo()
    monkeypatch.setattr(autotune, "bf16_is_fast", lambda device: True)
    again, more = chosen(monkeypatch, tmp_path / "speeds.json", {**FORMS, (False, True, False, 64): 1e-6})
    assert (len(tried), more, again.plan) == (1, [], first.plan)


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(("model", "device", "amp"), [
    ("lstm", "cpu", True), ("gru", "cpu", False), ("transformer", "cpu", False), ("transformer", "cuda:0", True),
])  # fmt: skip
def test_unmeasured_a_network_that_bfloat16_slows_down_stays_in_float32(model: str, device: str, amp: bool) -> None:
    settled = autotune.suggested(ResolvedPlan(make_plan({"model": model, "device": device}), {}))
    assert settled.plan.amp is amp
    assert ("slower in bfloat16" in settled.reasons["amp"]) is not amp
