"""Running a lab: in a kernel of Jupyter where there is one, else cell after cell in this process."""

from __future__ import annotations

import ast
import base64
import contextlib
import importlib.util
import io
import json
import os
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from convscope.errors import Error
from convscope.labs.script import Lab

SECONDS = 900  # of one cell
SKIPPED = "skipped:"  # begins the line of ``labs.missing``
_SHOWN = (("image/png", "_repr_png_"), ("text/html", "_repr_html_"), ("image/svg+xml", "_repr_svg_"))
Outputs = list[list[dict[str, Any]]]


class CellError(Error):
    """A cell ended with an error; ``outputs`` are those of all cells up to it."""

    def __init__(self, message: str, outputs: Outputs) -> None:
        super().__init__(message)
        self.outputs = outputs


def has_kernel() -> bool:
    """Return whether notebooks can be run by a kernel of their own."""
    return all(importlib.util.find_spec(name) for name in ("nbclient", "ipykernel"))


def run_here(lab: Lab, tell: Callable[[int, int], None] = lambda *_: None) -> Outputs:
    """Run a lab's cells in this process, in their order; return what each has shown, in the format of notebooks.

    ``tell`` hears the number of each cell, and how many there are, before it runs. Raises ``CellError`` at the first
    cell that ends with an error.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    outputs: Outputs = [[] for _ in lab.cells]
    count = 0
    with _own_temporary_folder():
        for at, cell in enumerate(lab.cells):
            tell(at + 1, len(lab.cells))
            if cell.kind == "code":
                count += 1
                where = f"{lab.path.name}, line {cell.line}"
                error = _run(cell.source, where, names, outputs[at], count)
                if error is not None:
                    raise CellError(f"lab {lab.name}: the cell at line {cell.line} failed: {_said(error)}", outputs)
    return outputs


@contextlib.contextmanager
def _own_temporary_folder() -> Iterator[None]:
    """Have ``tempfile`` work in a folder that is removed afterwards: trained networks would stay behind."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="convscope-") as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before


def run_in_kernel(lab: Lab, book: Any, tell: Callable[[int, int], None] = lambda *_: None) -> Outputs:
    """Run a notebook in a kernel of its own; return what each cell has shown. Raises as ``run_here``."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from traitlets.config import Config

    def began(cell: Any, cell_index: int) -> None:
        tell(cell_index + 1, len(book.cells))

    path = os.environ.get("PYTHONPATH")  # a kernel starts in another folder: what was relative is made absolute
    there = {} if path is None else {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, path.split(os.pathsep)))}
    with tempfile.TemporaryDirectory(prefix="convscope-") as folder:
        # Sockets in a folder of one's own where there are such: nobody else can talk to the kernel then.
        place = {"transport": "ipc", "ip": f"{folder}/kernel"} if os.name == "posix" else {}
        config = Config({"KernelManager": place})
        client = NotebookClient(
            book, config=config, timeout=SECONDS, kernel_name="python3", on_cell_start=began, coalesce_streams=True
        )
        try:
            client.execute(env={**os.environ, **there, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder)})
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise _failure(lab, _outputs(book), error) from None
    return _outputs(book)


def skipped(outputs: Outputs) -> list[str]:
    """Return what a lab said of the parts that it left out for want of data, each line once.

    >>> skipped([[{"output_type": "stream", "text": "1\\nskipped: mnist is not here\\n"}], []])
    ['skipped: mnist is not here']
    """
    texts = [output["text"] for cell in outputs for output in cell if output["output_type"] == "stream"]
    lines = [line for text in texts for line in text.splitlines()]
    return list(dict.fromkeys(line for line in lines if line.startswith(SKIPPED)))


def _failure(lab: Lab, outputs: Outputs, error: Exception) -> CellError:
    """Return the error of the cell that shows one; of a kernel that died or was too slow the error itself."""
    for cell, shown in zip(lab.cells, outputs, strict=True):
        for output in shown:
            if output["output_type"] == "error":
                said = f"{output['ename']}: {output['evalue']}" if output["evalue"] else output["ename"]
                return CellError(f"lab {lab.name}: the cell at line {cell.line} failed: {said}", outputs)
    return CellError(f"lab {lab.name}: {error}", outputs)


def _outputs(book: Any) -> Outputs:
    return [json.loads(json.dumps(cell.get("outputs", []))) for cell in book.cells]


def _run(source: str, where: str, names: dict[str, Any], shown: list[dict[str, Any]], count: int) -> Exception | None:
    """Run one cell; add to ``shown`` what it prints, and the value of its last line. Return its error, if any."""
    tree = ast.parse(source, where)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) and not _silent(source) else None
    printed, error, value = io.StringIO(), None, None
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(tree, where, "exec"), names)
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), where, "eval"), names)
    except Exception as caught:  # whatever a lesson does wrong, the notebook shows it
        error = caught
    if text := printed.getvalue():
        shown.append({"output_type": "stream", "name": "stdout", "text": text})
    if error is not None:
        lines = traceback.format_exception(error)
        shown.append({
            "output_type": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": lines,
        })  # fmt: skip
    elif value is not None:
        data = bundle(value)
        shown.append({"output_type": "execute_result", "execution_count": count, "data": data, "metadata": {}})
    return error


def bundle(value: Any) -> dict[str, Any]:
    """Return how a value shows itself in a notebook, by kind of content.

    >>> bundle((1, 2))
    {'text/plain': '(1, 2)'}
    """
    forms: dict[str, Any] = {"text/plain": repr(value)}
    for kind, method in _SHOWN:
        show = getattr(value, method, None) if not isinstance(value, type) else None
        content = show() if callable(show) else None
        if content is not None:
            forms[kind] = base64.b64encode(content).decode() if isinstance(content, bytes) else content
    both = getattr(value, "_repr_mimebundle_", None)
    made = both() if callable(both) and not isinstance(value, type) else None
    if isinstance(made, Mapping):
        forms |= dict(made)
    return forms


def _silent(source: str) -> bool:
    return source.rstrip().endswith(";")


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
