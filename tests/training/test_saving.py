"""When a training is saved, that it does not wait for it, and that nothing half written is ever seen."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from fitted import Kept, run, same, settings
from torch import Tensor

from convscope.data.dataset import Data
from convscope.errors import SaveError
from convscope.events import Observer
from convscope.tasks.classification.objective import CrossEntropy
from convscope.training import autosave, checkpoint
from convscope.training.autosave import Saving
from convscope.training.checkpoint import State, read_state, write_state
from convscope.training.state import TrainerState
from convscope.training.steps.supervised import Supervised


class Clock:
    """A clock that goes on only when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(autosave, "time", self)

    def perf_counter(self) -> float:
        return self.now


class Slow(Kept):
    """A keeper whose writes take ``seconds`` of the clock."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__()
        self.clock, self.seconds, self.saves = clock, seconds, list[float]()

    def keep_state(self, state: State) -> None:
        super().keep_state(state)
        self.clock.now += self.seconds
        self.saves.append(self.clock.now)


def progress() -> TrainerState:
    return TrainerState(Supervised(torch.nn.Linear(2, 2), settings(), CrossEntropy(2), print), settings(), None)


def saved_at(clock: Clock, *, seconds: float, epoch: float, epochs: int) -> list[int]:
    """Return the numbers of the epochs, ``epoch`` seconds long, at whose end was saved."""
    keeper = Slow(clock, seconds)
    saving, run_ = Saving(keeper, print), progress()
    found = []
    for number in range(1, epochs + 1):
        clock.now += epoch
        if saving.due(epoch_over=True):
            saving.start(run_)
            saving.settle()
            found.append(number)
    return found


def test_an_epochs_end_is_saved_where_the_last_save_cost_a_hundredth_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    assert saved_at(clock, seconds=0.0625, epoch=8.0, epochs=4) == [1, 2, 3, 4]
    assert saved_at(clock, seconds=0.0625, epoch=2.0, epochs=12) == [1, 5, 9]  # after 6.25 s at least
    assert saved_at(clock, seconds=4.0, epoch=2.0, epochs=70) == [1, 31, 61]  # but never more than 60 s apart


def test_within_a_long_epoch_every_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    saving = Saving(Slow(clock, 0.0), print)
    clock.now += 59
    assert not saving.due(epoch_over=False) and saving.due(epoch_over=True)
    clock.now += 1
    assert saving.due(epoch_over=False)


def test_training_goes_on_while_it_writes_one_at_a_time_and_what_is_written_is_a_copy() -> None:
    may_write, states = threading.Event(), list[State]()

    class Waiting(Kept):
        def keep_state(self, state: State) -> None:
            assert may_write.wait(10)
            states.append(state)

    run_ = progress()
    run_.choose(1)
    kept = Waiting()
    saving = Saving(kept, print)
    before = {name: value.clone() for name, value in run_.step.evaluated().state_dict().items()}
    saving.start(run_)
    assert not saving.due(epoch_over=True)  # one is being written
    for value in run_.step.evaluated().parameters():
        torch.nn.init.zeros_(value)
    run_.history.epochs.append({"epoch": 1.0})
    may_write.set()
    saving.settle()
    assert torch.equal(states[0].tensors["model.weight"], before["weight"]) and states[0].facts["epochs"] == []
    assert same(kept.weights, before)


def test_where_no_thread_can_start_training_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", short)
    kept = Kept()
    saving = Saving(kept, print)
    saving.start(progress())
    assert kept.state is not None
    kept.state = None
    saving.look()
    saving.now(progress())
    assert kept.state is not None


def test_what_fails_for_another_reason_is_raised() -> None:
    class Broken(Kept):
        def keep_state(self, state: State) -> None:
            raise TypeError("a mistake of ours")

    saving = Saving(Broken(), print)
    saving.start(progress())
    with pytest.raises(TypeError, match="a mistake of ours"):
        saving.settle()


class Full(Kept):
    """A disk that is full for a while."""

    def __init__(self, full: set[str]) -> None:
        super().__init__()
        self.full = full

    def keep_state(self, state: State) -> None:
        if "state" in self.full:
            raise SaveError("the disk is full: last needs 9 bytes, 1 are free", "make room")
        super().keep_state(state)

    def keep_weights(self, weights: dict[str, Tensor], epoch: int) -> None:
        if "weights" in self.full:
            raise SaveError("the disk is full: model.safetensors needs 5 bytes, 1 are free", "make room")
        super().keep_weights(weights, epoch)


def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosave, "EVERY", 0.0)
    monkeypatch.setattr(autosave, "SHARE", 1e9)


def test_a_full_disk_is_told_once_and_again_when_there_is_room(digits: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    often(monkeypatch)
    usual, _ = run(digits, settings(epochs=4))
    kept, notices = Full({"state", "weights"}), list[str]()

    def free(row: dict[str, float]) -> None:
        if row["epoch"] == 3:
            kept.full.clear()

    _, outcome = run(digits, settings(epochs=4), kept=kept, listener=Observer(on_epoch=free, on_notice=notices.append))
    assert outcome is not None and outcome.notices == notices
    assert notices == [
        "NOT SAVED: the disk is full: last needs 9 bytes, 1 are free. Training continues, and saving is tried again",
        "saving works again: the training so far is saved",
    ]
    assert kept.state is not None and kept.state.epoch == 4
    assert same(kept.weights, usual.weights)


@pytest.mark.parametrize(
    ("full", "said"), [({"state"}, ["last"]), ({"weights"}, ["model"]), ({"state", "weights"}, ["last", "model"])]
)
def test_what_is_unsaved_at_the_end_is_an_error_that_names_it(digits: Data, full: set[str], said: list[str]) -> None:
    kept = Full(full)
    with pytest.raises(SaveError) as error:
        run(digits, settings(epochs=2), kept=kept)
    assert [name for name in ("last", "model") if f"{name}" in str(error.value)] == said
    assert str(error.value).endswith("make room")
    assert bool(kept.weights) is ("weights" not in full)  # what there is room for is kept


def test_no_half_state_is_ever_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the moment, what a resume would read is one whole state."""
    states = [State(n, 0, {"model.w": torch.full((99,), float(n))}, {}) for n in range(3)]
    seen: list[int] = []

    def look(*_: object) -> None:
        if checkpoint.has_state(tmp_path / "last"):
            seen.append(read_state(tmp_path / "last").epoch)

    def around(real: Callable[..., object]) -> Callable[..., object]:
        def looking(*args: object, **options: object) -> object:
            look()
            done = real(*args, **options)
            look()
            return done

        return looking

    for owner, name in (
        (checkpoint, "write_synced"),
        (checkpoint, "sync"),
        (shutil, "rmtree"),
        (Path, "rename"),
    ):
        monkeypatch.setattr(owner, name, around(getattr(owner, name)))
    for state in states:
        write_state(tmp_path / "last", state)
    monkeypatch.undo()
    assert seen == sorted(seen) and {0, 1} <= set(seen)
    assert read_state(tmp_path / "last").epoch == 2
