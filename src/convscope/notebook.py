"""Training from Python as it is watched: what ``convscope.train``, ``resume`` and ``train_series`` are.

Plan, epochs and a progress bar go to the error stream (in a notebook: below the cell), unless ``quiet`` is said or the
caller watches by an ``Observer`` of its own. Where the stream is no terminal there is a line an epoch and no bar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from convscope.api import series
from convscope.api import train as job
from convscope.cli.live import Live
from convscope.cli.output import err, say_error
from convscope.data.dataset import Data
from convscope.models import own
from convscope.runs import files
from convscope.runs.folder import read_config
from convscope.runs.run import Run
from convscope.training.settings import Settings, Shared

if TYPE_CHECKING:
    from torch import nn


def train(
    data: str | Path | Data,
    model: str | nn.Module | Callable[..., nn.Module] = "auto",
    *,
    out: str | Path | None = None,
    observer: job.Observer | None = None,
    quiet: bool = False,
    **settings: Unpack[Settings],
) -> Run:
    """Train, evaluate, save and report a network on images; return the finished run.

    Args:
        data: anything ``convscope.load`` reads, or its result.
        model: a name of ``convscope models``, or a network of one's own: a module, of which a copy is trained, or a
            class or function that builds one (or its name, ``package.module:name``). It is told ``classes``,
            ``channels`` and ``size`` where its signature has them, and the options of the setting ``set``.
        out: the run folder, by default ``runs/<data>-<model>``.
        observer: callbacks on the way, instead of what is shown.
        quiet: show nothing.
        settings: the fields of ``training.plan.Plan`` (``epochs=3``, ``lr=0.01``, ...); what is left out is settled
            from the data.

    Raises:
        ConfigError: unknown or impossible settings, or a network that cannot be trained.
        DataError: bad data. What a run has written before an error stays, and ``resume`` goes on from it.
    """
    with _watched(observer, quiet, known=isinstance(data, Data)) as watcher:
        return job.train(data, model, out=out, observer=watcher, **settings)


def resume(
    folder: str | Path,
    *,
    data: Data | None = None,
    model: nn.Module | Callable[..., nn.Module] | None = None,
    observer: job.Observer | None = None,
    quiet: bool = False,
    **changes: Unpack[Shared],
) -> Run:
    """Go on with an interrupted run; it ends with the weights an undisturbed one would have.

    ``data`` is the set it began with, where that cannot be loaded again from where it came; ``model`` its network,
    where that was given as an object: its weights are those that the run saved. ``observer`` and ``quiet`` are as in
    ``train``. ``changes`` may be those settings that past steps did not depend on (more ``epochs``, ...).
    """
    with _watched(observer, quiet) as watcher:
        return job.resume(folder, data=data, model=model, observer=watcher, **changes)


def train_series(
    data: str | Path | Data,
    models: Sequence[str | nn.Module | Callable[..., nn.Module]],
    *,
    seeds: int = 1,
    out: str | Path | None = None,
    observe: Callable[[series.Turn], job.Observer | None] | None = None,
    on_failure: Callable[[str, str], None] | None = None,
    quiet: bool = False,
    **settings: Unpack[Settings],
) -> series.Series:
    """Train every network with every seed, compare them, and write the comparison; return it with the runs.

    As ``convscope.api.series.train_series``, which says more; each training is shown as in ``train``, unless ``quiet``
    is said or ``observe`` given.
    """
    with ExitStack() as bars:

        def shown(turn: series.Turn) -> job.Observer:
            bars.close()
            err.print(f"{turn.number} of {turn.of}  {turn.model}, seed {turn.seed}", style="bold", markup=False)
            return bars.enter_context(_live(known=turn.number > 1 or isinstance(data, Data))).observer()

        def told(name: str, reason: str) -> None:
            bars.close()
            say_error(f"{name} could not be trained: {reason}")

        watched = not quiet and observe is None
        return series.train_series(
            data, models, seeds=seeds, out=out, observe=shown if watched else observe,
            on_failure=on_failure or (told if watched else None), **settings,
        )  # fmt: skip


@contextmanager
def _watched(observer: job.Observer | None, quiet: bool, *, known: bool = False) -> Iterator[job.Observer | None]:
    """Yield the observer to train with: the caller's, none, or one that shows what it is told."""
    if quiet or observer is not None:
        yield observer
        return
    with _live(known=known) as live:
        try:
            yield live.observer()
        except KeyboardInterrupt:
            if live.folder is not None:
                err.print(f"stopped; what was saved stays. Go on with: {_how_to_go_on(live.folder)}", markup=False)
            raise


def _how_to_go_on(folder: Path) -> str:
    given = (folder / files.CONFIG).exists() and own.is_object(read_config(folder / files.CONFIG)[1].model)
    return f"convscope.resume({str(folder)!r}{', model=...' if given else ''})"


def _live(*, known: bool) -> Live:
    """Return what draws on the error stream; a bar in a notebook needs its widgets."""
    live = Live(err, known=known)
    if err.is_jupyter:
        live.progress.disable = find_spec("ipywidgets") is None
    return live
