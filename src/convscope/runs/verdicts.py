"""What the checks say of methods of explanation on a run, over examples of its set that it has not learned from."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from convscope.data.dataset import Split
from convscope.data.decode import limited
from convscope.data.given import Images
from convscope.data.sequences.first_window import first_window
from convscope.data.spec import TargetSpec
from convscope.data.transforms import Stored, TextTransform
from convscope.errors import ConfigError, Error
from convscope.explaining.checks.checks import check
from convscope.explaining.checks.deletion import References, references
from convscope.explaining.checks.result import Checks
from convscope.explaining.explained import Explained
from convscope.explaining.methods import Method
from convscope.explaining.score import answering
from convscope.runs.evaluate import held_out
from convscope.runs.explaining import Explainer, own_score
from convscope.runs.explanation_checks import EXAMPLES, checked_rows, has_learned, kept_checks, known_checks
from convscope.text import count

if TYPE_CHECKING:
    from convscope.runs.run import Run

SECONDS = 60.0  # that the checks of a method may take, unless they are asked for
SIZES = (EXAMPLES, 16, 8)  # examples; fewer give no interval worth its name
TIMED = 4  # examples that are timed
PASSES, MAPS = 160, 12  # of all examples through the network, and maps of each: what the checks of a method cost
Say = Callable[[str], None]
Known = Callable[[Method, Explained], Checks | None]


@dataclass(frozen=True)
class Verdicts:
    """The checks by method, and what is to be told: of methods that were not checked why."""

    checks: dict[str, Checks] = field(default_factory=dict[str, Checks])
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Effort:
    """How methods are checked: however long it takes where it is ``asked`` for, and not those ``without``.

    ``say`` is told what is checked.
    """

    asked: bool = False
    say: Say = lambda _: None
    without: Collection[str] = ()


def verdicts(run: Run, explainer: Explainer, effort: Effort | None = None) -> Verdicts:
    """Return the checks of the explainer's methods, kept in the run's folder or computed now.

    They are over 32 examples of the split that the run is judged by, fewer where they would take more than a minute,
    unless they are asked for. What cannot be checked is told among the remarks; nothing is raised for it.
    """
    try:
        name, split, warnings = held_out(run)
    except Error as problem:
        return Verdicts({}, (f"nothing was checked, since the run's own set could not be read: {problem}",))
    x = inputs_of(run, split)
    if len(x) < 2:
        return Verdicts({}, ("nothing was checked: the run's set has too few examples of one size",))
    target = run.spec.target

    def keep(method: Method, some: Explained, compute: Callable[[], Checks]) -> Checks:
        return kept_checks(run.folder, method.name, _options(run, some), some.x.numpy(), compute)

    kept = Keeper(partial(_known, run), keep, lambda: has_learned(run))
    result = _verdicts(explainer, x, target, kept, f"{name} example", effort or Effort())
    return replace(result, remarks=(*warnings, *result.remarks))


def verdicts_on(explainer: Explainer, inputs: Images | Iterable[Images], effort: Effort | None = None) -> Verdicts:
    """Return the checks of the explainer's methods on the inputs themselves, at most 32, of a network without a set."""
    predictor = explainer.predictor
    examples = list(predictor.examples(inputs))
    with limited(predictor.max_pixels):
        stored = [examples[row].stored(predictor.transform) for row in checked_rows(len(examples), EXAMPLES)]
    tensors = [predictor.tensor(np.array(each.values)[None]) for each in stored if isinstance(each, Stored)]
    x = _of_usual_size(tensors) if tensors else torch.zeros(0)
    if len(x) < 2:
        return Verdicts({}, ("nothing was checked: give two inputs of one size or more, 32 are good",))
    return _verdicts(explainer, x, predictor.target, Keeper(), "input", effort or Effort())


@dataclass(frozen=True)
class Keeper:
    """Where checks are kept, if anywhere, and whether the network has learned something."""

    known: Known = lambda method, some: None
    keep: Callable[[Method, Explained, Callable[[], Checks]], Checks] = lambda method, some, compute: compute()
    trained: Callable[[], bool] = lambda: True


def _verdicts(explainer: Explainer, x: Tensor, target: TargetSpec, kept: Keeper, noun: str, effort: Effort) -> Verdicts:
    explained = explainer.seen(x)
    checks: dict[str, Checks] = {}
    remarks: list[str] = []
    beside: dict[int, Sequence[References]] = {}

    def checked(method: Method, some: Explained) -> Checks:
        examples, score = len(some.x), own_score(some, target)
        if examples not in beside:
            beside[examples] = references(some, score)
        return check(method, some, score, trained=kept.trained(), beside=beside[examples])

    for method in explainer.question.methods:
        if method.name in effort.without:
            continue
        try:
            if known := _first_known(kept.known, method, explained):
                checks[method.name] = known
                continue
            examples = len(x) if effort.asked else _affordable(target, method, explained)
            if not examples:
                told = "was not checked, which would take minutes on this network; --checks does it"
                remarks.append(f"{method.title} {told}")
                continue
            effort.say(f"checking {method.title} on {count(examples, noun)}")
            some = explained.of(x[:examples])
            checks[method.name] = kept.keep(method, some, partial(checked, method, some))
        except ConfigError as problem:
            remarks.append(f"{method.title}: {problem}")
    return Verdicts(checks, tuple(remarks))


def known_verdicts(run: Run, explainer: Explainer, x: Tensor) -> dict[str, Checks]:
    """Return the checks of the explainer's methods that are kept in the run's folder; x is as of ``inputs_of``."""
    explained = explainer.seen(x)
    known = partial(_known, run)
    by_name = {each.name: _first_known(known, each, explained) for each in explainer.question.methods}
    return {name: checks for name, checks in by_name.items() if checks is not None}


def inputs_of(run: Run, split: Split, rows: np.ndarray | None = None) -> Tensor:
    """Return examples of a split as the network takes them, by default those that checks are over: of one size.

    Of several sizes they are those of the most frequent one.
    """
    rows = checked_rows(len(split), EXAMPLES) if rows is None else rows
    rule = run.spec.preprocessing
    if isinstance(rule, TextTransform):  # shorter ones are padded, which changes no answer
        return run.predictor.tensor(split.input.take(rows))
    raws = [np.array(first_window(np.asarray(split.input.take(np.array([row]))[0]), rule)) for row in rows]
    tensors = [run.predictor.tensor(raw[None]) for raw in raws]
    return _of_usual_size(tensors)


def _of_usual_size(tensors: Sequence[Tensor]) -> Tensor:
    """Return those of the most frequent size together, of tensors (1, C, ...)."""
    sizes = [tuple(tensor.shape[1:]) for tensor in tensors]
    usual = max(dict.fromkeys(sizes), key=sizes.count)
    return torch.cat([tensor for tensor, size in zip(tensors, sizes, strict=True) if size == usual])


def _first_known(known: Known, method: Method, explained: Explained) -> Checks | None:
    """Return the checks of a method that are known, over the most examples first."""
    return next((checks for size in SIZES if (checks := known(method, explained.of(explained.x[:size])))), None)


def _known(run: Run, method: Method, some: Explained) -> Checks | None:
    return known_checks(run.folder, method.name, _options(run, some), some.x.numpy())


def _options(run: Run, some: Explained) -> dict[str, object]:
    """Return what changes a map beside weights and inputs."""
    return {"target": run.spec.target.kind, "node": some.node, "baseline": float(some.baseline)}


def _affordable(target: TargetSpec, method: Method, explained: Explained) -> int:
    """Return on how many examples a method can be checked in a minute, by what some of them take; 0 for none."""
    few = explained.of(explained.x[:TIMED])
    score = own_score(few, target)
    method.compute(few, score)  # the first time more is done than ever after
    began = time.perf_counter()
    with answering(few.model), torch.inference_mode():
        few.model(few.x)
    forward = time.perf_counter() - began
    began = time.perf_counter()
    method.compute(few, score)
    each = (PASSES * forward + MAPS * (time.perf_counter() - began)) / len(few.x)
    there = len(explained.x)
    return next((min(size, there) for size in SIZES if each * min(size, there) <= SECONDS), 0)
