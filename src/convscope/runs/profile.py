"""Where the time of a run goes, part by part, and how near it comes to what the machine can do."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from convscope import text
from convscope.data.columns import InMemory
from convscope.data.dataset import Data
from convscope.data.loader import Loader
from convscope.data.transforms import LogMelTransform, noun_of
from convscope.data.transforms.text import TextTransform, points_of
from convscope.models.building import zeros
from convscope.runs.inputs import load_source
from convscope.runs.predictor import BATCH
from convscope.runs.run import Run
from convscope.runs.setup import Training, batches_of, prepare
from convscope.training.accelerate import in_words
from convscope.training.checkpoint import State
from convscope.training.defaults import settle
from convscope.training.inference import measure
from convscope.training.loop import fit
from convscope.training.machine import ceiling, wait_for
from convscope.training.memory import keep_freed_memory
from convscope.training.plan import Plan
from convscope.training.profile import PARTS, Trial


@dataclass(frozen=True)
class Part:
    """One part of a run: its microseconds per example, and what it is."""

    name: str
    microseconds: float
    what: str


@dataclass(frozen=True)
class Breakdown:
    """The parts of a run, their sum as examples per second, and the arithmetic behind them.

    ``flops`` are floating-point operations per second (a multiplication and an addition are two) while the network
    itself runs, ``ceiling`` those of a large matrix product on this machine in the same arithmetic; 0 where nothing
    is multiplied. ``noun`` is what an example is called.
    """

    parts: tuple[Part, ...]
    how: str
    flops: float = 0.0
    ceiling: float = 0.0
    noun: str = "image"

    @property
    def images_per_second(self) -> float:
        """Examples per second, all parts one after the other."""
        return 1e6 / sum(part.microseconds for part in self.parts)


def training(source: str | Path, plan: Plan, *, seconds: float = 10.0) -> Breakdown:
    """Measure a training in about ``seconds``: every part by itself, and the whole as it runs."""
    keep_freed_memory()
    data = load_source(source, plan)
    ready = prepare(data, plan)
    share = seconds / 3
    load, augment = _fetching(data, ready.plan, share)
    trial = Trial(ready.model, next(ready.train.epoch(0)), ready.plan, ready.objective)
    step = _steps(trial, share)
    few = Loader(data.valid[: BATCH * 8], data.transforms, BATCH, form=ready.valid.form, encode=ready.valid.encode)
    judged = ready.form(ready.model)
    judging = _calls(lambda: measure(judged, few, ready.objective, ready.plan), share / 2) / len(few.split)
    epochs, noun = ready.plan.epochs or 1, noun_of(data.preprocessing)
    parts = (
        Part("decode", data.decoding * 1e6 / sum(map(len, data.splits)) / epochs, f"once, shared by {epochs:,} epochs"),
        Part("load", load, "out of the cache, to mean 0 and standard deviation 1"),
        Part("augment", augment, str(ready.plan.augment)),
        *(
            Part(name, microseconds, description)
            for name, description, microseconds in zip(PARTS, _STEP, step, strict=True)
        ),
        Part("evaluation", judging * len(data.valid) / len(data.train), f"of the validation {noun}s, after each epoch"),
        Part(
            "overhead",
            _overhead(data, ready, share),
            "schedule, record, seeds: what the loop itself takes",
        ),
    )
    work = _flops(trial)
    rate = work / sum(step[:2]) * 1e6 / len(trial.batch)
    how = f"{ready.plan.model}, {in_words(ready.plan)}, batch size {ready.plan.batch_size}, {_threads()}"
    return Breakdown(parts, how, rate, ceiling(ready.plan.device, _dtype(ready.plan)), noun)


_STEP = ("the network and its loss", "the gradients", "the weights changed")


def reading(source: str | Path, plan: Plan, *, seconds: float = 10.0) -> Breakdown:
    """Measure reading a set: decoded again into a temporary cache, loaded, augmented."""
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        data = load_source(source, replace(plan, cache=folder))
        total = time.perf_counter() - began
        plan = settle(plan, data).plan
        count = sum(map(len, data.splits))
        load, augment = _fetching(data, plan, seconds)
    parts = (
        Part("decode", data.decoding * 1e6 / count, "files to the cache, on all cores"),
        Part("examine", max(0.0, total - data.decoding) * 1e6 / count, "listing, splitting, checks"),
        Part("load", load, "out of the cache, to mean 0 and standard deviation 1"),
        Part("augment", augment, str(plan.augment)),
    )
    noun = noun_of(data.preprocessing)
    return Breakdown(parts, f"{text.count(count, noun)}, {plan.batch_size} per batch", noun=noun)


def inference(run: Run, *, seconds: float = 10.0, batch_size: int = BATCH, amp: bool = False) -> Breakdown:
    """Measure the parts of a trained network's predictions, on random examples of its size."""
    keep_freed_memory()
    predictor, transform = run.predictor, run.spec.preprocessing
    torch.manual_seed(0)
    if isinstance(transform, LogMelTransform):
        stored = np.random.default_rng(0).normal(size=(batch_size, transform.window or 1, transform.channels))
        stored = stored.astype(np.float32)
    elif isinstance(transform, TextTransform):
        length = transform.length or zeros(batch_size, transform.input).shape[-1]
        letters = points_of("".join(transform.tokens))
        stored = np.random.default_rng(0).choice(letters, (batch_size, length))
    else:
        stored = transform.undo(torch.randn_like(zeros(batch_size, transform.input)))
    examples = InMemory.of(transform.kind, stored)  # pyright: ignore[reportArgumentType]
    load = _calls(lambda: predictor.tensor(stored), seconds / 3) / batch_size
    whole = _calls(lambda: predictor.predict_column(examples, amp=amp), seconds / 2) / batch_size
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        run.model(predictor.tensor(stored))
    parts = (
        Part("load", load, "to mean 0 and standard deviation 1"),
        Part("forward", whole - load, "the network, and what its head makes of it"),
    )
    rate = counter.get_total_flops() / batch_size / (whole - load) * 1e6
    return Breakdown(
        parts, f"{batch_size} {noun_of(transform)}s per batch, {_threads()}", rate,
        ceiling("cpu", torch.bfloat16 if amp else torch.float32), noun_of(transform),
    )  # fmt: skip


def _threads() -> str:
    return text.count(torch.get_num_threads(), "thread")


def _fetching(data: Data, plan: Plan, seconds: float) -> tuple[float, float]:
    """Return microseconds per example of loading batches, and of augmenting them: the medians of batches in turn."""
    plain, varied = (batches_of(data.train, data, one) for one in (replace(plan, augment="none"), plan))
    began, load, whole = time.perf_counter(), [], []
    ways = ((plain.epoch(0), load), (varied.epoch(0), whole))
    for _ in range(len(varied)):
        for batches, taken in ways:
            start = time.perf_counter()
            batch = next(batches)
            wait_for(plan.device)
            taken.append((time.perf_counter() - start) * 1e6 / len(batch))
        if time.perf_counter() - began > seconds:
            break
    return statistics.median(load), max(0.0, statistics.median(whole) - statistics.median(load))


def _steps(trial: Trial, seconds: float) -> list[float]:
    """Return microseconds per example of forward, backward and optimiser, their medians."""
    began, rows = time.perf_counter(), []
    trial.step()
    while not rows or time.perf_counter() - began < seconds:
        rows.append(list(trial.step().values()))
    return [statistics.median(column) * 1e6 / len(trial.batch) for column in zip(*rows, strict=True)]


def _calls(call: Callable[[], object], seconds: float) -> float:
    """Return microseconds of a call, its median."""
    began, taken = time.perf_counter(), []
    while len(taken) < 3 or time.perf_counter() - began < seconds:
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1e6)
    return statistics.median(taken)


def _overhead(data: Data, ready: Training, seconds: float) -> float:
    """Return microseconds per example that the training loop itself takes.

    Found with a network that computes next to nothing, over about so many seconds: what its steps and its batches take
    by themselves is taken off. Beside a real network the difference would drown in the drift of the machine.
    """
    plan = replace(ready.plan, epochs=1, compile=False)
    shape = data.preprocessing
    few = data.train[: (plan.batch_size or 1) * 200]
    batches = batches_of(few, data, plan)
    valid = Loader(data.valid[:1], data.transforms, 1, form=ready.valid.form, encode=ready.valid.encode)
    overheads = []
    began = time.perf_counter()
    while not overheads or time.perf_counter() - began < seconds:
        idle = nn.Sequential(nn.AvgPool2d((shape.height, shape.width)), nn.Flatten())
        idle.append(nn.Linear(shape.channels, ready.spec.output.channels))
        trial = Trial(idle, next(batches.epoch(0)), plan, ready.objective)
        start = time.perf_counter()
        for batch in batches.epoch(0):
            trial.batch = batch
            trial.step()
        bare = (time.perf_counter() - start) * 1e6 / len(few)
        outcome = fit(idle, batches, valid, plan, ready.objective, keeper=_Nowhere(), select="last")
        overheads.append(1e6 / outcome.history.epochs[0]["images_per_second"] - bare)
    return max(0.0, statistics.median(overheads))


class _Nowhere:
    """Keeps nothing of a training that is only timed."""

    def keep_state(self, state: State) -> None:
        """Keep nothing."""

    def keep_weights(self, weights: dict[str, torch.Tensor], epoch: int) -> None:
        """Keep nothing."""


def _flops(trial: Trial) -> int:
    """Return the operations of one step's forward and backward pass on its batch."""
    with FlopCounterMode(display=False) as counter:
        trial.step()
    return counter.get_total_flops()


def _dtype(plan: Plan) -> torch.dtype:
    return torch.bfloat16 if plan.amp else torch.float32
