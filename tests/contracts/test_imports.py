"""Imports point one way, without circles inside a room, and each outside library has its own door.

The guard walks the syntax trees of the package (also imports inside functions and for type checkers) and names the
lines that break a rule; names given to importlib as strings it does not see. It is itself tested on lines that must
break a rule.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import convscope

PACKAGE = Path(convscope.__file__).parent

# A room may import from the lines above its own; rooms on one line are strangers.
ORDER = """
errors text plain events world
atomic
cards geometry
ops
scratch graph
analysis tracing data
tasks
models
training explaining
runs
views
report
terminal
api
explorer serve
widgets labs
cli
"""
LEVEL = {room: level for level, line in enumerate(ORDER.split("\n")) for room in line.split()}

# library: the rooms (and all below them) that may import it; the empty tuple means none
DOORS = {
    "torch": (
        *("world", "graph.record", "graph.translate", "graph.verify", "data.augment", "data.batch", "data.loader"),
        *("data.loader_columns", "data.device", "data.transforms", "tasks", "models"),
        *("training", "explaining", "runs", "report", "api"),
    ),
    "matplotlib": ("report.figures",),
    "rich": ("terminal", "cli"),
    "cyclopts": ("cli",),
    "starlette": ("explorer", "serve"),
    "uvicorn": ("explorer", "serve"),
    "anywidget": ("widgets",),
    "markdown_it": ("labs",),
    "nbclient": ("labs",),
    "nbformat": ("labs",),
    "torchvision": (),  # its wheels break CPU builds of torch
    "albumentations": (),
    "cv2": (),
    "pandas": (),
    "pickle": (),  # nothing here is written as a pickle or read from one
}
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc"}


def breaches(source: str, module: str) -> Iterator[str]:
    """Yield ``line: what is wrong`` for the source of a module such as ``data.splits``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and node.id == "print" and not module.startswith("cli."):
            yield f"{node.lineno}: print is for cli"
        for name in imported(node, module):
            if problem := judge(name, module):
                yield f"{getattr(node, 'lineno', 0)}: {problem}"
    for part in NAMELESS.intersection(module.split(".")):
        yield f"1: no room is called {part!r}: name it by what it is"


def imported(node: ast.AST, module: str) -> Iterator[str]:
    """Yield the full names that a statement imports, or takes from the package's face (``convscope.train``)."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        here = ["convscope", *module.split(".")]
        base = ".".join([*here[: len(here) - node.level], node.module or ""] if node.level else [node.module or ""])
        yield from (f"{base.rstrip('.')}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "convscope":
        yield f"convscope.{node.attr}"


def judge(name: str, module: str) -> str | None:
    """Return what is wrong with ``module`` importing ``name``, or None."""
    library, _, rest = name.partition(".")
    if library in DOORS and not any(f"{module}.".startswith(f"{door}.") for door in DOORS[library]):
        return f"{library} may only be imported in {', '.join(DOORS[library]) or 'no room'}, not in {module}"
    if library != "convscope" or rest in ("", "__version__"):
        return None
    room, mine = rest.split(".")[0], module.split(".")[0]
    if room != mine and LEVEL.get(room, LEVEL["api"]) >= LEVEL[mine]:  # what is no room is a name from the face
        return f"{mine} may not import {room}"
    return None


def neighbours(source: str, module: str, known: frozenset[str]) -> set[str]:
    """Return the modules of its own room that a module imports when it runs, also inside functions."""
    names = (name for node in at_run_time(ast.parse(source)) for name in imported(node, module))
    found = {home_of(name.removeprefix("convscope."), known) for name in names}
    room = module.split(".")[0]
    return {name for name in found if name.split(".")[0] == room and name != module.removesuffix(".__init__")}


def at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a syntax tree's nodes but for what stands under ``if TYPE_CHECKING``."""
    yield node
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        below = node.orelse
    else:
        below = ast.iter_child_nodes(node)
    for child in below:
        yield from at_run_time(child)


def home_of(name: str, known: frozenset[str]) -> str:
    """Return the module that a full name is, or stands in: ``graph.node`` for ``graph.node.Node``; "" for none here."""
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name


def circles(imports: Mapping[str, set[str]]) -> set[tuple[str, ...]]:
    """Return the modules that import each other, directly or by way of others: each circle in the order of names."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            new = imports.get(waiting.pop(), set()) - seen
            seen |= new
            waiting += new
        return seen

    below = {module: reached(module) for module in imports}
    return {
        tuple(sorted(other for other in imports if other in below[module] and module in below[other]))
        for module in imports
        if module in below[module]
    }


def modules() -> Iterator[tuple[Path, str]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        if file.match("labs/[0-9][0-9]-*.py"):
            continue  # a lab: a script of cells that uses the package from outside, as its readers do
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        if parts not in (("__init__",), ("__main__",)):  # the package's face loads what it names on first use
            yield file, ".".join(parts)


def test_every_room_has_its_place():
    rooms = {module.split(".")[0] for _, module in modules()}
    assert rooms <= set(LEVEL), f"add to ORDER (and to docs/map.md): {', '.join(sorted(rooms - set(LEVEL)))}"


def test_imports_point_one_way_and_use_their_doors():
    found = [
        f"{file.relative_to(PACKAGE.parent)}:{breach}"
        for file, module in modules()
        for breach in breaches(file.read_text("utf-8"), module)
    ]
    assert not found, "\n".join(found)


def test_no_modules_of_a_room_import_each_other():
    sources = {module: file.read_text("utf-8") for file, module in modules()}
    known = frozenset(module.removesuffix(".__init__") for module in sources)
    found = circles({
        module.removesuffix(".__init__"): neighbours(source, module, known) for module, source in sources.items()
    })  # fmt: skip
    assert not found, "\n".join(f"these import each other: {', '.join(circle)}" for circle in sorted(found))


@pytest.mark.parametrize(
    ("first", "second", "circle"),
    [
        ("from convscope.graph.run import run", "from convscope.graph import node", True),
        ("def f():\n    from convscope.graph.run import run", "def g():\n    import convscope.graph.node", True),
        ("from convscope.graph.run import run", "if TYPE_CHECKING:\n    from convscope.graph.node import Node", False),
        ("from .run import run", "if typing.TYPE_CHECKING:\n    pass\nelse:\n    from .node import Node", True),
        ("from convscope.graph.run import run", "from convscope.ops.node import Node", False),
    ],
)
def test_the_guard_sees_circles(first: str, second: str, circle: bool):
    known = frozenset(("graph", "graph.node", "graph.run", "ops.node"))
    sources = {"graph.node": first, "graph.run": second}
    found = circles({module: neighbours(source, module, known) for module, source in sources.items()})
    assert found == ({("graph.node", "graph.run")} if circle else set())


@pytest.mark.parametrize(
    ("module", "source", "expected"),
    [
        ("data.splits", "from convscope.models import registry", "1: data may not import models"),
        ("data.splits", "def f():\n    import convscope.tasks.task", "2: data may not import tasks"),
        ("tasks.task", "from convscope.models.registry import create", "1: tasks may not import models"),
        ("runs.run", "if TYPE_CHECKING:\n    from convscope.report import html", "2: runs may not import report"),
        ("report.html", "from convscope import api", "1: report may not import api"),
        ("report.html", "from ..cli import output", "1: report may not import cli"),
        ("training.loop", "from convscope import train", "1: training may not import train"),
        ("training.loop", "import convscope\nconvscope.train()", "2: training may not import train"),
        (
            "report.html",
            "import matplotlib.pyplot as plt",
            "1: matplotlib may only be imported in report.figures, not in report.html",
        ),
        ("runs.run", "from rich.table import Table", "1: rich may only be imported in terminal, cli, not in runs.run"),
        ("models.resnet", "import torchvision", "1: torchvision may only be imported in no room, not in models.resnet"),
        ("training.loop", "def f():\n    print(1)", "2: print is for cli"),
        ("data.utils", "", "1: no room is called 'utils': name it by what it is"),
    ],
)
def test_the_guard_sees(module, source, expected):
    assert list(breaches(source, module)) == [expected]


def test_the_guard_keeps_torch_out_of_data():
    (breach,) = breaches("from torch import nn", "data.splits")
    assert breach.startswith("1: torch may only be imported in ") and breach.endswith(", not in data.splits")


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("data.augment.geometry", "import torch"),
        ("data.loader", "from torch import Tensor"),
        ("data.ingest.store", "from convscope.data.ingest.stats import content\nfrom .stats import content"),
        ("training.loop", "from convscope.errors import Error\nfrom convscope import __version__"),
        ("report.figures.curves", "from matplotlib.axes import Axes"),
        ("cli.output", "from convscope.api.train import train\nprint(train)"),
        ("cli.app", "import convscope\nconvscope.train(convscope.__version__)"),
    ],
)
def test_the_guard_lets_pass(module, source):
    assert list(breaches(source, module)) == []
