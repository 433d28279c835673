"""``convscope train`` with several networks or seeds: each training as it is watched, then the comparison."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.cli.exits import FAILED, INTERRUPTED
from convscope.cli.output import err, out, say_error, show_json
from convscope.errors import ConfigError, quoted

if TYPE_CHECKING:
    from convscope.api.series import Series, Turn
    from convscope.api.train import Observer

_STATES = {"finished": ": finished before", "begun": ": goes on where it was stopped", "new": ""}


def train_series(
    data: str, models: list[str], settings: dict[str, Any], seeds: int, folder: Path | None, *, as_json: bool
) -> int:
    """Train and compare; return the exit code."""
    from convscope.api import series

    return _watched(
        lambda **told: series.train_series(data, models, seeds=seeds, out=folder, **told, **settings), as_json
    )


def resume_series(folder: Path, settings: dict[str, Any], seeds: int | None, *, as_json: bool) -> int:
    """Go on with an interrupted series; return the exit code."""
    from convscope.api import series

    if seeds is not None or "model" in settings:
        raise ConfigError(
            "--resume FOLDER takes networks and seeds from the folder; to add some, give the whole command with "
            f"--out {quoted(folder)}"
        )
    return _watched(lambda **told: series.resume_series(folder, **told, **settings), as_json)


def _watched(run: Callable[..., Series], as_json: bool) -> int:
    from convscope.cli.compare import show
    from convscope.cli.live import Live
    from convscope.training.interrupt import sigterm_as_ctrl_c

    seen: list[Turn] = []
    lives: list[Live] = []
    screen = err if as_json else out
    with ExitStack() as bars, sigterm_as_ctrl_c():

        def observe(turn: Turn) -> Observer:
            bars.close()
            screen.print(f"[bold]{turn.number} of {turn.of}[/]  {turn.model}, seed {turn.seed}{_STATES[turn.state]}")
            known = any(live.folder for live in lives)  # a network that fails shows no plan
            live = bars.enter_context(Live(screen, known=known))
            seen.append(turn)
            lives.append(live)
            return live.observer()

        def on_failure(name: str, reason: str) -> None:
            bars.close()
            say_error(f"{name} could not be trained: {reason}")

        try:
            done = run(observe=observe, on_failure=on_failure)
        except KeyboardInterrupt:
            bars.close()
            _say_how_to_go_on(seen)
            return INTERRUPTED
    if as_json:
        compared = done.comparison.to_dict() if done.comparison else None
        show_json({"folder": str(done.folder), "failed": done.failed, "comparison": compared})
    else:
        if done.comparison:
            show(done.comparison)
            out.print(f"page: {done.folder / 'comparison.html'}", markup=False)
        out.print(f"runs: {done.folder}", markup=False)
    return FAILED if done.failed else 0


def _say_how_to_go_on(seen: list[Turn]) -> None:
    if not seen:
        err.print("stopped before training began; nothing was written")
        return
    last = seen[-1]
    err.print(
        f"stopped in {last.number} of {last.of}; what is finished stays. Go on with: "
        f"convscope train --resume {quoted(last.folder.parent)}",
        markup=False,
    )
