"""``convscope train`` with several networks for sequences: equal weights, equal time, and the verdict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.cli.exits import INTERRUPTED
from convscope.cli.output import show_json
from convscope.errors import ConfigError, quoted
from convscope.events import Listener
from convscope.plain import plain
from convscope.terminal.screen import err, folded, out, say_warning
from convscope.terminal.tables import shown

if TYPE_CHECKING:
    from convscope.api.series import Turn
    from convscope.runs.compare.architectures import Architectures

NETWORKS = "networks.toml"  # in the folder of such a comparison


def is_of_architectures(models: list[str]) -> bool:
    """Return whether these are networks for texts or signals; unknown names are for others to refuse."""
    from convscope.api.architectures import takes_sequences

    try:
        return takes_sequences(models)
    except ConfigError:
        return False


def train_architectures(
    data: str, models: list[str], settings: dict[str, Any], seeds: int, folder: Path | None, search: bool, *,
    as_json: bool,
) -> int:  # fmt: skip
    """Train and compare; return the exit code."""
    from convscope.api.architectures import compare_architectures

    def run(**told: Any) -> tuple[Path, Architectures]:
        return compare_architectures(data, models, seeds=seeds, search_lr=search, out=folder, **told, **settings)

    return _watched(run, as_json)


def resume_architectures(folder: Path, settings: dict[str, Any], repeated: dict[str, Any], *, as_json: bool) -> int:
    """Go on with an interrupted comparison; return the exit code."""
    from convscope.api import architectures

    if settings or any(number is not None for number in repeated.values()):
        raise ConfigError("--resume FOLDER takes networks, seeds and settings from the folder: leave other flags out")
    return _watched(lambda **told: architectures.resume_architectures(folder, **told), as_json)


def _watched(run: Callable[..., tuple[Path, Architectures]], as_json: bool) -> int:
    from convscope.terminal.live import LiveSeries
    from convscope.training.interrupt import sigterm_as_ctrl_c

    begun: list[Path] = []
    with sigterm_as_ctrl_c(), LiveSeries(err if as_json else out, known=True) as live:

        def observe(turn: Turn) -> Listener:
            arm = turn.folder.parent
            begun.append(arm.parent if arm.parent.name != "rates" else arm.parent.parent)
            return live.begin(f"{arm.name.replace('-', ' ')}: {turn}")

        try:
            folder, found = run(observe=observe, on_failure=live.failed)
        except KeyboardInterrupt:
            live.close()
            if begun:
                err.print(f"stopped. Resume with: convscope train --resume {quoted(begun[-1])}", markup=False)
            return INTERRUPTED
    if as_json:
        show_json(plain({"folder": folder, **found.to_dict()}))
        return 0
    show(found)
    out.print(f"page: {folder / 'comparison.html'}", markup=False)
    return 0


def show(found: Architectures) -> None:
    """Print the two tables, the tests, and the verdict."""
    from convscope.report.architectures import table, tests

    out.print(folded(found.caption), markup=False)
    for arm in found.arms:
        out.print(f"[bold]{arm.name}[/]: {arm.rule}")
        out.print(shown(table(found, arm)))
        out.print(shown(tests(arm)))
    out.print(folded(found.verdict), style="bold", markup=False)
    for note in found.notes:
        say_warning(note)
