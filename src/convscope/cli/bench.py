"""``convscope bench``: where the time of a run goes, and how near it comes to this machine's peak."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from convscope.cli.flags import PlanFlags, given
from convscope.cli.output import show_json
from convscope.errors import ConfigError
from convscope.terminal.screen import out
from convscope.terminal.tables import table
from convscope.training.threads import using
from convscope.views import run as views

if TYPE_CHECKING:
    from convscope.runs.profile import Breakdown

app = App(name="bench", help="Measure where the time of a run goes, part by part.")
MOST_IMAGES = 4_096  # at a time: what answers faster so, answers as fast with fewer
AsJson = Annotated[bool, Parameter(name="--json", negative="")]


@app.command
def train(
    data: str,
    *,
    seconds: float = 10.0,
    as_json: AsJson = False,
    flags: PlanFlags | None = None,  # pyright: ignore[reportInvalidTypeForm]
) -> int:
    """Measure each part of a training: decode, load, augment, forward, backward, optimiser, evaluation, overhead.

    The network trains for a moment; nothing is saved.

    Parameters
    ----------
    data
        Data set, as for `convscope train`.
    seconds
        About how long to measure.
    as_json
        Print the parts as JSON.
    """
    from convscope.runs import profile
    from convscope.training.plan import make_plan

    _check(seconds)
    plan = make_plan(given(flags))
    with using(plan.threads):
        breakdown = profile.training(data, plan, seconds=seconds)
    return _show(breakdown, as_json)


@app.command
def data(
    data: str,
    *,
    seconds: float = 10.0,
    as_json: AsJson = False,
    flags: PlanFlags | None = None,  # pyright: ignore[reportInvalidTypeForm]
) -> int:
    """Measure each part of reading a data set: decoding, checking, loading, augmenting.

    Parameters
    ----------
    data
        Data set, as for `convscope train`.
    seconds
        About how long to measure, after decoding.
    as_json
        Print the parts as JSON.
    """
    from convscope.runs import profile
    from convscope.training.plan import make_plan

    _check(seconds)
    plan = make_plan(given(flags))
    with using(plan.threads):
        breakdown = profile.reading(data, plan, seconds=seconds)
    return _show(breakdown, as_json)


@app.command
def infer(
    run: Path,
    *,
    seconds: float = 10.0,
    batch_size: Annotated[int, Parameter(name=("--batch-size", "-b"))] = 128,
    amp: bool = False,
    threads: int | None = None,
    as_json: AsJson = False,
) -> int:
    """Measure each part of a prediction, on random inputs of the size that the network takes.

    Parameters
    ----------
    run
        Run folder.
    seconds
        About how long to measure.
    batch_size
        Inputs per batch.
    amp
        Compute in bfloat16.
    threads
        Processor threads; by default as PyTorch chooses.
    as_json
        Print the parts as JSON.
    """
    from convscope.runs import profile
    from convscope.runs.run import open_run

    _check(seconds, batch_size)
    with using(threads):
        breakdown = profile.inference(open_run(run), seconds=seconds, batch_size=batch_size, amp=amp)
    return _show(breakdown, as_json)


def _check(seconds: float, batch_size: int = 1) -> None:
    if not 0 < seconds < 86_400:
        raise ConfigError(f"--seconds must be above 0 and below a day, got {seconds:g}")
    if not 1 <= batch_size <= MOST_IMAGES:
        raise ConfigError(f"--batch-size must be at least 1 and at most {MOST_IMAGES:,}, got {batch_size:,}")


def _show(breakdown: Breakdown, as_json: bool) -> int:
    total = sum(part.microseconds for part in breakdown.parts)
    if as_json:
        show_json(views.breakdown(breakdown))
        return 0
    out.print(breakdown.how, markup=False)
    rows = [(p.name, f"{p.microseconds:,.1f}", f"{p.microseconds / total:.1%}", p.what) for p in breakdown.parts]
    rows.append(("total", f"{total:,.1f}", "", f"{breakdown.images_per_second:,.0f} {breakdown.noun}s/s"))
    per = f"µs per {breakdown.noun}"
    out.print(table(("part", per, "of the time", ""), rows, right=(per, "of the time")))
    if breakdown.flops:
        out.print(
            f"the network reaches {breakdown.flops / 1e9:,.0f} GFLOP/s: {breakdown.flops / breakdown.ceiling:.0%} of "
            f"the {breakdown.ceiling / 1e9:,.0f} GFLOP/s of a large matrix product on this machine"
        )
    return 0
