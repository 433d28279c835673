"""What a module says it offers (``__all__``) is sorted (CONSTANTS, Classes, functions: ruff's order), and there."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import convscope

PACKAGE = Path(convscope.__file__).parent


def declaring() -> Iterator[str]:
    """Yield the modules that have an ``__all__``."""
    for file in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        targets = [t for node in tree.body if isinstance(node, ast.Assign) for t in node.targets]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def faults(module: ModuleType) -> list[str]:
    names = list(module.__all__)
    absent = [f"{name} is not there" for name in names if not hasattr(module, name)]
    return absent + (["not sorted"] if names != sorted(set(names), key=order) else [])


def order(name: str) -> tuple[bool, bool, str]:
    return not name.isupper(), not name[0].isupper(), name


@pytest.mark.parametrize("name", list(declaring()))
def test_all_is_sorted_and_real(name):
    assert faults(importlib.import_module(name)) == []


def test_the_package_declares_its_names():
    assert "convscope" in set(declaring())


@pytest.mark.parametrize(
    ("names", "expected"),
    [(["b", "a"], ["not sorted"]), (["a", "a"], ["not sorted"]), (["a", "c"], ["c is not there"])],
)
def test_the_guard_sees(names, expected):
    module = ModuleType("made")
    module.__dict__.update(a=1, b=2, __all__=names)
    assert faults(module) == expected
