"""``convscope train`` with several networks, seeds or splits: each training as it runs, then the comparison."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.cli.exits import FAILED, INTERRUPTED
from convscope.cli.output import show_json
from convscope.errors import ConfigError, quoted
from convscope.events import Listener
from convscope.terminal.screen import err, out
from convscope.views import run as views

if TYPE_CHECKING:
    from convscope.api.series import Series, Turn


def train_series(
    data: str,
    models: list[str],
    settings: dict[str, Any],
    repeated: dict[str, int | None],
    folder: Path | None,
    *,
    as_json: bool,
) -> int:
    """Train and compare; return the exit code. ``repeated`` says how many seeds, folds or resamples, if any."""
    from convscope.api import series

    return _watched(
        lambda **told: series.train_series(data, models, out=folder, **_said(repeated), **told, **settings), as_json
    )


def resume_series(folder: Path, settings: dict[str, Any], repeated: dict[str, int | None], *, as_json: bool) -> int:
    """Go on with an interrupted series; return the exit code."""
    from convscope.api import series

    if _said(repeated) or settings.keys() & {"model", "folds", "fold"}:
        raise ConfigError(
            "--resume FOLDER takes networks, seeds and splits from the folder; to add some, give the whole command "
            f"with --out {quoted(folder)}"
        )
    return _watched(lambda **told: series.resume_series(folder, **told, **settings), as_json)


def _said(repeated: dict[str, int | None]) -> dict[str, Any]:
    return {name: number for name, number in repeated.items() if number is not None}


def _watched(run: Callable[..., Series], as_json: bool) -> int:
    from convscope.cli.compare import show
    from convscope.terminal.live import LiveSeries
    from convscope.training.interrupt import sigterm_as_ctrl_c

    begun: list[Turn] = []
    with sigterm_as_ctrl_c(), LiveSeries(err if as_json else out) as live:

        def observe(turn: Turn) -> Listener:
            begun.append(turn)
            return live.begin(str(turn))

        try:
            done = run(observe=observe, on_failure=live.failed)
        except KeyboardInterrupt:
            live.close()
            _say_how_to_go_on(begun)
            return INTERRUPTED
    if as_json:
        show_json(views.series(done.folder, done.failed, done.comparison))
    else:
        if done.comparison:
            show(done.comparison)
            out.print(f"page: {done.folder / 'comparison.html'}", markup=False)
        out.print(f"runs: {done.folder}", markup=False)
    return FAILED if done.failed else 0


def _say_how_to_go_on(begun: list[Turn]) -> None:
    if not begun:
        err.print("stopped before training began; nothing was written")
        return
    last = begun[-1]
    err.print(
        f"stopped in {last.number} of {last.of}; what is finished is kept. Resume with: "
        f"convscope train --resume {quoted(last.folder.parent)}",
        markup=False,
    )
