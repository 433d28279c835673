"""Who listens to a training that Python began: the caller's own listener, nobody, or what shows it as it runs.

Plan, epochs and a progress bar go to the error stream (in a notebook: below the cell). Where the stream is no terminal
there is a line per epoch and no bar.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from convscope.events import SILENT, Listener
from convscope.models import own
from convscope.runs import files
from convscope.runs.folder import read_config
from convscope.terminal.live import Live
from convscope.terminal.screen import err


@contextmanager
def watched(listener: Listener | None, quiet: bool, *, known: bool = False) -> Iterator[Listener]:
    """Yield what listens; an interrupted training that is shown says how to go on.

    ``known`` leaves out what was found in the data.
    """
    if listener is not None or quiet:
        yield listener or SILENT
        return
    with Live(err, known=known) as live:
        try:
            yield live
        except KeyboardInterrupt:
            if live.folder is not None:
                err.print(f"stopped; what was saved is kept. Resume with: {_how_to_go_on(live.folder)}", markup=False)
            raise


def _how_to_go_on(folder: Path) -> str:
    config = folder / files.CONFIG
    needs_model = config.exists() and own.is_object(read_config(config)[1].model)
    return f"convscope.resume({str(folder)!r}{', model=...' if needs_model else ''})"
