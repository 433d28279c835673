"""What ``convscope explain`` says when it is stopped: what was kept of checks and of maps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from convscope.cli.exits import INTERRUPTED
from convscope.terminal.screen import err
from convscope.text import count


@dataclass
class Kept:
    """What is done so far: the ``checks`` that were begun, and how many inputs are explained in ``folder``.

    ``run`` is the folder that finished checks are kept in, if any.
    """

    run: Path | None = None
    checks: list[str] = field(default_factory=list[str])
    folder: Path | None = None
    done: int = 0

    def checking(self, text: str) -> None:
        """Tell what is checked now."""
        err.print(text, markup=False, style="dim")
        self.checks.append(text)

    @property
    def sentence(self) -> str:
        """What is to be said where it is stopped now.

        >>> Kept(Path("runs/a"), ["checking Grad-CAM on 32 examples", "checking RISE on 32 examples"]).sentence
        'stopped while checking RISE on 32 examples; the 1 check before it is kept in runs/a, no map was written'
        >>> Kept(folder=Path("out"), done=3).sentence
        'stopped; 3 inputs are explained in out, with page and table'
        >>> Kept().sentence
        'stopped; nothing was written'
        """
        if self.done:
            are = "input is" if self.done == 1 else "inputs are"
            return f"stopped; {self.done:,} {are} explained in {self.folder}, with page and table"
        if self.folder is not None:
            checked = f"; the checks are kept in {self.run}" if self.checks and self.run else ""
            return f"stopped before the first input was explained{checked}"
        if not self.checks:
            return "stopped; nothing was written"
        before = len(self.checks) - 1
        kept = f"the {count(before, 'check')} before it {'is' if before == 1 else 'are'} kept in {self.run}, "
        return f"stopped while {self.checks[-1]}; {kept if self.run and before else ''}no map was written"


@contextmanager
def said(kept: Kept) -> Iterator[None]:
    """Say what was kept where Ctrl-C or SIGTERM stops the block, and end with their exit code."""
    from convscope.training.interrupt import sigterm_as_ctrl_c

    try:
        with sigterm_as_ctrl_c():
            yield
    except KeyboardInterrupt:
        if kept.folder is not None and not kept.done:
            _remove_empty(kept.folder)
        err.print(kept.sentence, markup=False)
        raise SystemExit(INTERRUPTED) from None


def _remove_empty(folder: Path) -> None:
    """Remove what was made for files that were never written."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
