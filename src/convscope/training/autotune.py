"""The fastest form of training steps on this machine, found by taking a few of each.

What is open in a plan - bfloat16 or float32, memory order, compiled or not, batch size - is measured on a copy of the
network with a real batch, in turns, so that a machine that drifts drifts for all. Measuring may cost
at most 3 % of the planned training; what would cost more is not measured, and the form that the processor and the
network suggest is taken. What was found is remembered, so that the same training on the same machine takes the same
form, and ends in the same weights.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from torch import Tensor, nn

import convscope
from convscope import atomic
from convscope.data.batch import Batch
from convscope.models import entry
from convscope.models.own import is_own
from convscope.tasks.task import Objective
from convscope.training.accelerate import Measured, why_not_compile
from convscope.training.defaults import ResolvedPlan
from convscope.training.machine import name_of
from convscope.training.out_of_memory import is_out_of_memory
from convscope.training.plan import Plan
from convscope.training.precision import bf16_is_fast
from convscope.training.profile import Trial

SHARE = 0.03  # of the planned training that measuring may take
WARM, ROUNDS = 2, 5  # steps of each form: the first also pay for choosing kernels, the fastest of the others counts
COMPILING = 60.0  # seconds that compiling may take: known only when it is done
CLEARLY = 0.95  # another form must take less than this share of the suggested form's time
LARGER_BATCH = 0.8  # twice the examples per step means half the steps: it must pay more
LEAST_IMAGES = 5_000  # of a set whose batch may grow
OPEN = ("amp", "channels_last", "compile", "batch_size")


def fastest(
    settled: ResolvedPlan, model: nn.Module, batch: Batch, objective: Objective, *, images: int, memory: Path
) -> ResolvedPlan:
    """Return the plan with its form chosen, and the reasons, which say what was measured.

    ``batch`` is the first of the training, ``images`` the size of the training split; ``memory`` is the file
    that remembers. What the user set stays, and with nothing open nothing is measured.
    """
    asked = settled.plan
    settled = suggested(settled)
    plan = settled.plan
    if all(getattr(asked, name) is not None for name in OPEN[:3]):
        return settled
    grows = "batch_size" in settled.reasons and images >= LEAST_IMAGES
    key = _key(plan, asked, grows, batch.x, model)
    known = _known(memory, key)
    if known is not None:
        rows = known
    else:
        rows = _Probe(plan, asked, model, batch, objective, images).run(grows)
        _remember(memory, key, rows)  # also that nothing was: another time it might be, and end in other weights
    return _chosen(settled, rows, images, "measured before on this machine" if known is not None else "measured")


def suggested(settled: ResolvedPlan) -> ResolvedPlan:
    """Fill in the form that the processor and the network suggest, without measuring."""
    plan, reasons = settled.plan, dict(settled.reasons)
    guess: dict[str, bool] = {}
    if plan.amp is None:
        fast, suits = bf16_is_fast(plan.device), entry(plan.model).bfloat16 or plan.device.startswith("cuda")
        guess["amp"] = fast and suits
        slower = f"{plan.model} is slower in bfloat16" if fast else "no bfloat16 instructions here"
        reasons["amp"] = "the processor multiplies bfloat16 faster" if guess["amp"] else slower
    if plan.channels_last is None:
        guess["channels_last"] = entry(plan.model).channels_last
    if plan.compile is None:
        guess["compile"] = False
    elif plan.compile and (hindrance := why_not_compile(plan.device)):
        guess["compile"] = False
        reasons["compile"] = f"not compiled: {hindrance}"
    return replace(settled, plan=replace(plan, **guess), reasons=reasons)


class _Probe:
    """Measures one form after the other as long as the time allows."""

    def __init__(
        self, plan: Plan, asked: Plan, model: nn.Module, batch: Batch, objective: Objective, images: int
    ) -> None:
        self.plan, self.asked, self.images = plan, asked, images
        self.model, self.batch, self.objective = model, batch, objective
        self.began = time.perf_counter()

    def run(self, grows: bool) -> list[Measured]:
        """Return what was measured, the suggested form first; alone, where measuring more would cost too much."""
        if self._steps() * SHARE < 2 * (WARM + ROUNDS):
            return []
        first = self._measure([self.plan])
        if not first:
            return []
        self.allowed = SHARE * (self.plan.seconds() or first[0].seconds * self.images * (self.plan.epochs or 1))
        others = [p for p in self._forms() if p != self.plan]
        each = first[0].seconds * len(self.batch) * (WARM + ROUNDS)
        if not self._fits(each * (len(others) + 1)):
            return first
        rows = self._measure([self.plan, *others]) or first
        best = min(rows, key=lambda row: row.seconds)
        if grows and self._fits(2.5 * each):
            rows += self._measure([self._plan_of(best, batch_size=2 * best.batch_size)])
        if self.asked.compile is None and self._fits(COMPILING) and not why_not_compile(self.plan.device):
            rows += self._compiled(best)
        return rows

    def _steps(self) -> float:
        return math.inf if self.plan.time else (self.plan.epochs or 1) * self.images / len(self.batch)

    def _fits(self, seconds: float) -> bool:
        return time.perf_counter() - self.began + seconds <= self.allowed

    def _forms(self) -> list[Plan]:
        amp = [False, True] if self.asked.amp is None and bf16_is_fast(self.plan.device) else [self.plan.amp]
        order = [False, True] if self.asked.channels_last is None else [self.plan.channels_last]
        return [replace(self.plan, amp=a, channels_last=o) for a in amp for o in order]

    def _plan_of(self, row: Measured, **changed: Any) -> Plan:
        return replace(self.plan, amp=row.amp, channels_last=row.channels_last, **changed)

    def _measure(self, plans: list[Plan]) -> list[Measured]:
        """Return what each form took, measured in turns; nothing where memory is short."""
        try:
            return self._in_turns(plans)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return []

    def _in_turns(self, plans: list[Plan]) -> list[Measured]:
        """Take steps of each form in turns; the fastest of each counts: others were held up."""
        trials = [Trial(self.model, self._of_size(plan.batch_size or 1), plan, self.objective) for plan in plans]
        taken: list[list[float]] = [[] for _ in plans]
        for _ in range(WARM + ROUNDS):
            for seconds, trial in zip(taken, trials, strict=True):
                seconds.append(sum(trial.step().values()))
        return [
            Measured(bool(p.amp), bool(p.channels_last), bool(p.compile), len(t.batch), min(s[WARM:]) / len(t.batch))
            for p, t, s in zip(plans, trials, taken, strict=True)
        ]

    def _compiled(self, best: Measured) -> list[Measured]:
        plan = self._plan_of(best, compile=True)
        try:
            trial = Trial(self.model, self.batch, plan, self.objective)
            began = time.perf_counter()
            trial.step()
            compiling = time.perf_counter() - began
            seconds = min(sum(trial.step().values()) for _ in range(ROUNDS)) / len(self.batch)
        except Exception:  # whatever a compiler stumbles over, the usual way works
            return []
        return [Measured(best.amp, best.channels_last, True, len(self.batch), seconds, compiling)]

    def _of_size(self, count: int) -> Batch:
        """Return the batch, its examples repeated where there are too few."""
        if count == len(self.batch):
            return self.batch
        return self.batch.part(np.arange(count) % len(self.batch))


def _chosen(settled: ResolvedPlan, rows: list[Measured], images: int, how: str) -> ResolvedPlan:
    """Take the form with the shortest training, compiling included, unless the suggested one is as good."""
    if len(rows) < 2:
        dear = (
            "as processor and network suggest: measuring would take more than 3 % of the training, or too much memory"
        )
        return replace(settled, reasons=settled.reasons | ({"amp": dear} if "amp" in settled.reasons else {}))
    plan, first = settled.plan, rows[0]
    total = plan.seconds() or first.seconds * images * (plan.epochs or 1)

    def cost(row: Measured) -> float:
        return row.seconds / first.seconds + row.compiling / total

    grown = [row for row in rows if row.batch_size > first.batch_size]
    best = min((row for row in rows if row not in grown), key=cost)
    best = best if cost(best) < CLEARLY else first
    batch_size = first.batch_size
    if any(row.seconds < LARGER_BATCH * best.seconds for row in grown):
        batch_size = grown[0].batch_size
    form = {"amp": best.amp, "channels_last": best.channels_last, "compile": best.compile, "batch_size": batch_size}
    others = "; ".join(f"{row} {1 / row.seconds:,.0f}" for row in rows if row is not best)
    reasons = {**settled.reasons, "amp": f"{how}, examples/s of a step: {best} {1 / best.seconds:,.0f}; {others}"}
    if batch_size != first.batch_size:
        reasons["batch_size"] = f"{how}: clearly faster than {first.batch_size}"
    return replace(settled, plan=replace(plan, **form), reasons=reasons)


def _key(plan: Plan, asked: Plan, grows: bool, x: Tensor, model: nn.Module) -> str:
    """Return what the answer depends on, as a hash; a name of one's own says little of a network, its layers more."""
    facts = {
        "plan": {
            k: v for k, v in asdict(plan).items() if k in ("model", "set", "batch_size", "opt", "device", "rewrite")
        },
        "planned": plan.time or plan.epochs,
        "open": [name for name in OPEN if getattr(asked, name) is None] + ["larger batch"] * grows,
        "shape": list(x.shape[1:]),
        "machine": [name_of(plan.device), torch.get_num_threads(), torch.backends.cpu.get_cpu_capability()],
        "versions": [torch.__version__, convscope.__version__],
        **({"layers": str(model)} if is_own(plan.model) else {}),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def _known(memory: Path, key: str) -> list[Measured] | None:
    """Return what was measured before; ``None`` where nothing was, or what stands there cannot be."""
    try:
        rows = msgspec.convert(_recall(memory).get(key), list[Measured], strict=True)
    except msgspec.ValidationError:
        return None
    believable = all(0 < row.seconds < math.inf and 0 <= row.compiling < math.inf for row in rows)
    return rows if believable and all(0 < row.batch_size <= 2 * rows[0].batch_size for row in rows) else None


def _recall(memory: Path) -> dict[str, Any]:
    try:
        entries = json.loads(memory.read_text())
    except (OSError, ValueError):  # not there yet, or damaged
        return {}
    return entries if isinstance(entries, dict) else {}


def _remember(memory: Path, key: str, rows: list[Measured]) -> None:
    """Add what was found; a memory that cannot be written only means measuring again."""
    with contextlib.suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        entries = _recall(memory) | {key: [asdict(row) for row in rows]}
        atomic.write(memory, json.dumps(entries, indent=1).encode())
