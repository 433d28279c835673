"""``convscope lab``: lessons as notebooks, whose figures are asserted."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from convscope.cli.output import show_json
from convscope.terminal.screen import err, folded, say_warning
from convscope.terminal.screen import out as screen
from convscope.text import listed

if TYPE_CHECKING:
    from convscope.labs.script import Lab

Flag = Annotated[bool, Parameter(negative="")]


def lab(
    name: str | None = None,
    /,
    *,
    out: Annotated[Path | None, Parameter(name=("--out", "-o"))] = None,
    run: Flag = False,
    open_: Annotated[bool, Parameter(name="--open", negative="")] = False,
    data_root: Path | None = None,
    short: Flag = False,
    overwrite: Flag = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """List the labs, or write one as a notebook: a lesson to run and to change, whose checks assert its figures.

    Without a NAME the labs are listed.

    Parameters
    ----------
    name
        Lab, such as microscopy.
    out
        The notebook's file; by default NAME.ipynb in this folder.
    run
        Run it: write the notebook with its outputs, and NAME.html beside it.
    open_
        Open the notebook in JupyterLab.
    data_root
        Folder above those of the data sets, such as mnist/; by default $CONVSCOPE_DATA and what was fetched.
    short
        Shorten trainings; what they reach is then not checked.
    overwrite
        Replace files that are there already.
    as_json
        Print the list as JSON.
    """
    from convscope.errors import ConfigError
    from convscope.labs import script

    if name is None:
        if out or run or open_ or data_root or short or overwrite:
            raise ConfigError(f"which lab? The labs are {', '.join(each.name for each in script.labs())}")
        _list(script.labs(), as_json=as_json)
        return 0
    if as_json:
        raise ConfigError("--json prints the list of labs: leave the name or --json out")
    chosen = script.lab(name)
    path = out or Path(f"{chosen.name}.ipynb")
    if path.suffix != ".ipynb":
        raise ConfigError(f"--out {path}: the name of a notebook ends in .ipynb")
    if data_root is not None:
        if not data_root.expanduser().is_dir():
            raise ConfigError(f"--data-root {data_root}: there is no such folder")
        chosen = chosen.with_parameters(DATA_ROOT=str(data_root.expanduser().resolve()))
    if short:
        chosen = chosen.with_parameters(SHORT=True)
    code = _run(chosen, path, overwrite=overwrite) if run else _write(chosen, path, overwrite=overwrite)
    if open_:
        _open(path)
    return code


def _list(labs: tuple[Lab, ...], *, as_json: bool) -> None:
    if as_json:
        show_json([
            {"name": each.name, "title": each.title, "after": each.source, "data": each.needs, "took": each.measured}
            for each in labs
        ])  # fmt: skip
        return
    indent = " " * 11
    for each in labs:
        screen.print(folded(f"{each.name:11}{each.title}", screen, indent), style="bold")
        looked_for = f"looks for {listed(each.needs, len(each.needs))}; took {each.measured}"
        for line in (f"after {each.source}", looked_for):
            screen.print(folded(indent + line, screen, indent), style="dim")
    more = "convscope lab NAME writes a notebook, with --run a filled one. Without data, parts are skipped."
    screen.print(folded(f"\n{more}", screen))


def _write(chosen: Lab, path: Path, *, overwrite: bool) -> int:
    from convscope.labs.notebook import notebook, text_of, write

    write(path, text_of(notebook(chosen)), overwrite=overwrite)
    err.print(f"notebook: {path}", markup=False)
    return 0


def _run(chosen: Lab, path: Path, *, overwrite: bool) -> int:
    """Run a lab and write both files, also where a cell fails."""
    from convscope.labs.execute import CellError, has_kernel, run_here, run_in_kernel, skipped
    from convscope.labs.notebook import make_folder, notebook, refuse_other, text_of, write
    from convscope.labs.page import page
    from convscope.terminal.screen import say_error

    book, began = notebook(chosen), time.perf_counter()
    web = path.with_suffix(".html")
    for file in (path, web):
        refuse_other(file, None, overwrite=overwrite)
    make_folder(path.parent)  # before minutes of work, not after
    failed: CellError | None = None
    with err.status("running") as shown:

        def tell(at: int, of: int) -> None:
            shown.update(f"{chosen.name}: cell {at} of {of}")

        try:
            outputs: Any = run_in_kernel(chosen, book, tell) if has_kernel() else run_here(chosen, tell)
        except CellError as error:
            failed, outputs = error, error.outputs
    write(path, text_of(notebook(chosen, outputs)), overwrite=overwrite)
    write(web, page(chosen, outputs), overwrite=overwrite)
    seconds = time.perf_counter() - began
    err.print(f"ran {chosen.name} in {seconds:.0f} s\nnotebook: {path}\npage: {web}", markup=False)
    for line in skipped(outputs):
        say_warning(line)
    if failed is not None:
        say_error(f"{failed}; both files show it")
    return 0 if failed is None else 1


def _open(path: Path) -> None:
    program = shutil.which("jupyter-lab")
    if program is None:
        say_warning(f"JupyterLab is not installed; install it with pip install jupyterlab, then: jupyter lab {path}")
        return
    subprocess.run([program, str(path)], check=False)
