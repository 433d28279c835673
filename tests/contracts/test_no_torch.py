"""Nothing heavy is imported before it is needed: shown in fresh processes, with twins that must see it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("matplotlib", "skimage", "sklearn", "torch")


def imported_by(code: str) -> list[str]:
    """Run ``code`` in a fresh process and return which heavy libraries it imported."""
    report = f"\nimport sys\nprint('\\n' + ' '.join(n for n in {HEAVY} if n in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code + report], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()


@pytest.mark.parametrize(
    "module",
    [
        "convscope",
        "convscope.analysis.inspection",
        "convscope.analysis.table",
        "convscope.cli.app",
        "convscope.data",
        "convscope.data.augment",
        "convscope.data.loading",
        "convscope.geometry",
        "convscope.graph",
        "convscope.graph.run",
        "convscope.graph.translate",
        "convscope.labs",
        "convscope.api.inspect",
        "convscope.models",
        "convscope.ops",
        "convscope.scratch",
        "convscope.tracing.table",
        "convscope.training.plan",
        "convscope.api.trace",
    ],
)
def test_importing_is_light(module):
    assert imported_by(f"import {module}") == []


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["data", "--help"]])
def test_help_is_light(arguments):
    code = f"from convscope.cli.app import main\ntry:\n    main({arguments})\nexcept SystemExit:\n    pass"
    assert imported_by(code) == []


def test_loading_a_set_is_light(tmp_path):
    code = f"import convscope\nconvscope.load('squares', cache={str(tmp_path)!r})"
    assert imported_by(code) == []


@pytest.mark.parametrize("library", HEAVY)
def test_the_guard_sees(library):
    assert library in imported_by(f"import convscope, {library}")


def test_the_guard_sees_through_the_package():
    assert "torch" in imported_by("import convscope.training.loop")


def test_the_command_line_starts_without_numpy() -> None:
    """It takes half of the time in which help appears."""
    code = "import convscope.cli.app, sys; print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
