"""A training as it is watched in a terminal: the plan, progress bars, a line per epoch."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from convscope.data.sequences.windows import windowed
from convscope.events import Listener
from convscope.terminal.facts import facts
from convscope.terminal.screen import err, folded, out, say_error, say_notice, window
from convscope.terminal.tables import duration, notices, pairs
from convscope.text import count

if TYPE_CHECKING:
    from convscope.runs.start import Prepared

TICK = 0.2  # seconds between two looks at the loss


class Live(Listener):
    """Shows what it hears of a training; use it as a context, so that the terminal is left clean.

    ``screen`` takes the plan and the epochs: the error stream where the output is for a program. ``known`` leaves out
    what was found in the data, which a training before this one has told already.
    """

    def __init__(self, screen: Console = out, *, known: bool = False) -> None:
        self.screen, self.known = screen, known
        self.bars = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=30), MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"), TimeRemainingColumn(), console=err, transient=True,
            # Bars would leave a blank line in a log, and a notebook needs widgets for them.
            disable=find_spec("ipywidgets") is None if err.is_jupyter else not err.is_terminal,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}
        self._ticked = 0.0
        self._epoch_began = 0.0
        self._batch = 0
        self._epochs = 0
        self._stages: tuple[str, ...] = ()
        self._followed: Mapping[str, str] = {}
        self.folder: Any = None

    def __enter__(self) -> Live:
        self.bars.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.bars.stop()

    def progress(self, what: str, done: int, total: int) -> None:
        """Move the bar of one stage; a finished stage disappears."""
        task = self._tasks.get(what)
        if task is None:
            task = self._tasks[what] = self.bars.add_task(what, total=total, rate="")
        self.bars.update(task, completed=done, total=total)
        if done >= total:
            self.bars.remove_task(self._tasks.pop(what))

    def plan(self, prepared: Prepared) -> None:
        """Print what was found and what will run."""
        data, plan = prepared.data, prepared.settled.plan
        self.folder, self._batch, self._epochs = prepared.folder, plan.batch_size or 0, plan.epochs or 0
        self._stages, self._followed = prepared.stages, prepared.followed
        if not self.known:
            self.screen.print(data.name, style="bold", markup=False)
            self.screen.print(facts(data))
            if data.warnings:
                self.screen.print(notices(data.warnings))
            self.screen.print("\n[bold]plan[/]")
        self.screen.print(pairs(_plan(prepared)))
        self.screen.print()

    def step(self, epoch: int, step: int, steps: int, figures: Mapping[str, Any]) -> None:
        """Move the epoch's bar; the loss is fetched only when the bar is redrawn."""
        now = time.monotonic()
        if step == 1:
            self._epoch_began = now
        if now - self._ticked < TICK and step < steps:
            return
        self._ticked = now
        rate = step * self._batch / max(1e-9, now - self._epoch_began)
        description = f"epoch {epoch + 1}/{self._epochs}" if self._epochs < 10_000 else f"epoch {epoch + 1}"
        text = f"loss {float(figures['loss']):.3f}  {rate:,.0f} examples/s" if step > 1 else ""
        task = self._tasks.get("epoch")
        if task is None:
            task = self._tasks["epoch"] = self.bars.add_task(description, total=steps, rate=text)
        self.bars.update(task, description=description, completed=step, total=steps, rate=text)

    def stage(self, number: int) -> None:
        """Print which stage begins."""
        stage = f"stage {number} of {len(self._stages)}"
        told = folded(f"{stage}: {self._stages[number - 1]}", self.screen).removeprefix(stage)
        self.screen.print(f"[bold]{stage}[/]{escape(told)}")

    def notice(self, text: str) -> None:
        """Print loudly what the user must hear of at once."""
        say_notice(text, err)

    def epoch(self, row: dict[str, float]) -> None:
        """Print one line about a finished epoch."""
        if "epoch" in self._tasks:
            self.bars.remove_task(self._tasks.pop("epoch"))
        parts = (
            f"epoch {row['epoch']:>3}  train {_figures(row, 'train_', self._followed)}",
            f"valid {_figures(row, 'valid_', self._followed)}",
            f"{row['images_per_second']:,.0f} examples/s  {duration(row['seconds'])}",
        )
        line = "   ".join(parts)
        fits = len(line) <= (window(self.screen) or len(line))
        self.screen.print(line if fits else f"\n{' ' * 11}".join(parts))


def _figures(row: Mapping[str, float], split: str, called: Mapping[str, str]) -> str:
    """Return a split's figures of an epoch, each behind its name, or what it is ``called``.

    >>> _figures({"train_loss": 0.5, "train_mae": 0.75, "valid_loss": 0.6}, "train_", {"mae": "mae (cm)"})
    'loss 0.5000 mae (cm) 0.7500'
    """
    figures = {key.removeprefix(split): value for key, value in row.items() if key.startswith(split)}
    return " ".join(f"{called.get(name, name)} {value:.4f}" for name, value in figures.items())


class LiveSeries:
    """Shows one training after the other, each below a heading; use it as a context."""

    def __init__(self, screen: Console = out, *, known: bool = False) -> None:
        self.screen = screen
        self._known = known
        self._shown: list[Live] = []
        self._bars = ExitStack()

    def __enter__(self) -> LiveSeries:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Take the bars away."""
        self._bars.close()

    def begin(self, heading: str) -> Live:
        """Print the heading of the next training, and return what listens to it."""
        self.close()
        self.screen.print(heading, style="bold", markup=False)
        known = self._known or any(live.folder for live in self._shown)  # a network that fails shows no plan
        self._shown.append(self._bars.enter_context(Live(self.screen, known=known)))
        return self._shown[-1]

    def failed(self, name: str, reason: str) -> None:
        """Print why a network could not be trained."""
        self.close()
        say_error(f"{name} could not be trained: {reason}")


def _plan(prepared: Prepared) -> dict[str, str]:
    """Return what will run, and why, as rows of a table."""
    from convscope.training.accelerate import in_words

    plan, reasons = prepared.settled.plan, prepared.settled.reasons

    def because(*names: str) -> str:
        return "".join(f"  ({reasons[name]})" for name in names if name in reasons)

    endless = plan.epochs is None or (plan.time and plan.epochs > 10_000)
    epochs = "as many epochs as fit" if endless else count(plan.epochs or 0, "epoch")
    limit = f", at most {plan.time}" if plan.time else ""
    form = "  (as this run began)" if prepared.resumed else because("compile", "amp")
    expected = f"about {duration(prepared.estimate.seconds)}"
    begun = prepared.pretrained or {}
    notes = "".join(f"; {note}" for note in begun.get("notes", ()))
    augmented = not plan.stages or any(stage.augment for stage in plan.stages)
    bare = "none: cached features" if all(stage.once for stage in plan.stages) else "none in any stage"
    train, rule = prepared.data.train, prepared.data.preprocessing
    pieces = windowed(train, rule)
    examples = f"{len(pieces):,} {'examples' if pieces is train else 'windows'}"
    rows = {
        "model": f"{plan.model}, {prepared.parameters:,} parameters{because('model')}",
        "head": f"{plan.head}{because('head')}" if plan.head != "own" else "",
        "pretrained": f"{begun['source']}, SHA-256 {begun['sha256'][:16]}…{notes}" if begun else "",
        "training": f"{epochs}{limit} of {examples}, batch size {plan.batch_size}"
        + because("epochs" if "epochs" in reasons else "batch_size"),
        "optimiser": f"{plan.opt}, {plan.sched}, learning rate up to {plan.lr:g}",
        **{f"stage {number}": text for number, text in enumerate(prepared.stages, 1)},
        "steps": in_words(plan) + form,
        "threads": f"{plan.threads}{because('threads')}",
        "rewrites": reasons.get("rewrite", ""),
        "augmentation": f"{plan.augment}{because('augment')}" if augmented else bare,
        "keeps": f"weights of the {plan.select} epoch{because('select')}",
        "expected": f"{plan.time or expected} of training, "
        f"{prepared.estimate.bytes / 1e6:,.0f} MB for parameters and activations",
        "run folder": str(prepared.folder) + (" (resumed)" if prepared.resumed else ""),
    }
    return {name: text for name, text in rows.items() if text}
