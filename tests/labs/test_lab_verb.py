"""``convscope lab``: listed, written as a notebook, run by a kernel and without one, shown as a page."""

from __future__ import annotations

import builtins
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

import convscope as cs
from convscope.cli.app import main
from convscope.cli.lab import lab as verb
from convscope.labs import execute, script
from convscope.labs.script import Lab

OWN = """# ---
# title: A lab of one sum
# source: nothing
# data:
# measured: 0 s
# ---

# %% [markdown]
# # A lab of one sum
# ## Goal

# %% tags=["parameters"]
DATA_ROOT = None  # where
SHORT = False

# %%
import convscope as cs

print(cs.labs.missing("mnist"))
print("short" if SHORT else "long", DATA_ROOT)
cs.labs.pictures({"two": [[0, 1]]})

# %%
assert 1 + 1 == SUM
""".replace("SUM", "2")


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A lab of this test's own, in a folder of labs of its own."""
    (tmp_path / "labs").mkdir()
    (tmp_path / "labs" / "01-own.py").write_text(OWN)
    (tmp_path / "labs" / "02-false.py").write_text(OWN.replace("== 2", "== 3"))
    monkeypatch.setattr(script, "HERE", tmp_path / "labs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["lab", *words])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def outputs(path: Path) -> list[dict[str, Any]]:
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    return [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]


def test_labs_are_listed(capsys: pytest.CaptureFixture[str]):
    assert ran("--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in listed] == [each.name for each in script.labs()]
    assert all(each["title"] and each["after"] and each["took"] for each in listed)
    assert ran() == 0
    shown = capsys.readouterr().out
    assert all(each["name"] in shown for each in listed) and "convscope lab NAME" in shown


@pytest.mark.parametrize("each", script.labs(), ids=lambda each: each.name)
def test_every_lab_is_a_valid_notebook_without_outputs(each: Lab, tmp_path: Path):
    path = tmp_path / "lab.ipynb"
    assert verb(each.name, out=path) == 0
    assert outputs(path) == []
    book = nbformat.read(path, as_version=4)
    assert [cell.source for cell in book.cells] == [cell.source for cell in each.cells]
    assert path.stat().st_size < 80_000


def test_another_file_is_never_overwritten_unasked(own: Path, capsys: pytest.CaptureFixture[str]):
    assert ran("own") == 0 and ran("own") == 0, "the same notebook again is no other file"
    Path("own.ipynb").write_text("my notes")
    assert ran("own") == 2 and ran("own", "--run") == 2
    assert "own.ipynb is there already" in " ".join(capsys.readouterr().err.split())
    assert Path("own.ipynb").read_text() == "my notes"
    assert ran("own", "--overwrite") == 0 and outputs(Path("own.ipynb")) == []


@pytest.mark.parametrize("kernel", [True, False])
def test_a_lab_is_run_and_its_page_written(
    own: Path, kernel: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    if kernel:
        assert execute.has_kernel()
    else:
        monkeypatch.setattr(execute, "has_kernel", lambda: False)
    assert ran("own", "--run", "--short", "--data-root", str(own), "--out", "made/filled.ipynb") == 0
    printed, picture = outputs(own / "made" / "filled.ipynb")
    assert printed["text"].endswith(f"short {own}\n")
    assert "skipped: mnist (70,000 handwritten digits) is not here" in " ".join(capsys.readouterr().err.split())
    assert picture["data"]["text/plain"] == "<picture of two>" and "image/png" in picture["data"]
    html = (own / "made" / "filled.html").read_text()
    assert f"short {own}" in html and 'alt="&lt;picture of two&gt;"' in html and "A lab of one sum" in html


@pytest.mark.parametrize("kernel", [True, False])
def test_a_check_that_fails_is_an_error_and_stays_to_be_seen(
    own: Path, kernel: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    if not kernel:
        monkeypatch.setattr(execute, "has_kernel", lambda: False)
    assert ran("false", "--run") == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "error: lab false: the cell at line 23 failed: AssertionError; both files show it" in said
    assert [output["output_type"] for output in outputs(Path("false.ipynb"))][-1] == "error"
    assert "AssertionError" in Path("false.html").read_text()


@pytest.mark.parametrize("name", ["numpy", "names"])
def test_a_lab_runs_in_a_kernel(name: str, tmp_path: Path):
    path = tmp_path / "lab.ipynb"
    assert verb(name, out=path, run=True, short=True) == 0
    assert not [output for output in outputs(path) if output["output_type"] == "error"]
    assert "Goal" in path.with_suffix(".html").read_text()


def test_what_is_wrong_is_said(own: Path, capsys: pytest.CaptureFixture[str]):
    for words, said in (
        (("ow",), "no lab is called 'ow'; did you mean 'own'"),
        (("own", "--out", "own.txt"), "ends in .ipynb"),
        (("own", "--data-root", "nowhere"), "--data-root nowhere: there is no such folder"),
        (("--run",), "which lab? The labs are own, false"),
        (("own", "--json"), "--json prints the list of labs"),
        (("own", "--run", "--out", "labs.ipynb/own.ipynb"), "cannot write into labs.ipynb"),
    ):
        Path("labs.ipynb").touch()
        assert ran(*words) != 0
        assert said in " ".join(capsys.readouterr().err.split()), words


def test_without_nbformat_the_extra_is_named(own: Path, monkeypatch: pytest.MonkeyPatch):
    found = builtins.__import__

    def absent(name: str, *rest: Any, **named: Any) -> Any:
        if name == "nbformat":
            raise ImportError(name)
        return found(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(cs.Error, match=r"pip install 'convscope\[notebook\]'"):
        verb("own")


def test_without_jupyterlab_the_path_is_named(own: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert ran("own", "--open") == 0
    assert "pip install jupyterlab, then: jupyter lab own.ipynb" in " ".join(capsys.readouterr().err.split())


def test_labs_are_listed_without_torch():
    code = "import sys\nfrom convscope.cli.lab import lab\nlab()\nprint('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
