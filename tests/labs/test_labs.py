"""Each lab runs from its first cell to its last, in its short form, with its checks; and what it is made of."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import convscope as cs
from convscope.labs import check, find, missing, questions
from convscope.labs.datasets import SETS
from convscope.labs.execute import CellError, bundle, run_here
from convscope.labs.page import page
from convscope.labs.script import PARTS, Lab, lab, labs
from real_data import ROOT

LABS = labs()
NAMES = [each.name for each in LABS]
HEAD = "# ---\n# title: T\n# source: S\n# data:\n# measured: 1 s\n# ---\n"


def of(text: str) -> Lab:
    return Lab(Path("01-own.py"), HEAD + text)


def printed(outputs: list[list[dict[str, Any]]]) -> str:
    return "".join(one["text"] for cell in outputs for one in cell if one["output_type"] == "stream")


@pytest.mark.parametrize("name", NAMES)
def test_a_lab_runs_on_real_data(name: str):
    """The checks that do not depend on how long is trained hold."""
    chosen = lab(name)
    if absent := [needed for needed in chosen.needs if not ROOT.is_dir() or find(needed, ROOT) is None]:
        pytest.skip(f"not here: {', '.join(absent)} (set CONVSCOPE_TEST_DATA)")
    outputs = run_here(chosen.with_parameters(DATA_ROOT=str(ROOT), SHORT=True))
    assert "skipped" not in printed(outputs)
    html = page(chosen, outputs)
    assert all(f'<h2 id="{part.lower()}">' in html for part in PARTS)
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", html), "the page asks nobody for anything"


@pytest.mark.parametrize("name", ["microscopy", "names", "numpy"])
def test_without_data_a_lab_says_what_it_skips(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("CONVSCOPE_DATA", raising=False)
    chosen = lab(name)
    if [needed for needed in chosen.needs if find(needed) is not None]:
        pytest.skip("fetched before")
    said = printed(run_here(chosen.with_parameters(SHORT=True)))
    assert all(missing(needed) in said for needed in chosen.needs)


@pytest.mark.parametrize("each", LABS, ids=NAMES)
def test_a_lab_has_five_parts_and_says_what_it_is(each: Lab):
    text = "\n".join(cell.source for cell in each.cells if cell.kind == "markdown")
    assert [part for part in re.findall(r"^## (.*)$", text, re.MULTILINE) if part in PARTS] == list(PARTS)
    assert each.title and each.source and set(each.needs) <= set(SETS)
    assert re.match(r"\d+ s", each.measured), "how long it took, as measured"
    code = [cell.source for cell in each.cells if cell.kind == "code"]
    found = {node.args[0].value for source in code for node in ast.walk(ast.parse(source)) if _is_find(node)}
    assert found == set(each.needs), "the data sets in its head are those that it looks for"
    assert sum(source.count("assert ") for source in code) >= 5


def _is_find(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "labs.find"


def test_parameters_are_set_and_unknown_ones_refused():
    chosen = of("# %%\nSHORT = False  # why\nroot = 1\n").with_parameters(SHORT=True)
    assert chosen.cells[0].source.startswith("SHORT = True  # why")
    with pytest.raises(cs.ConfigError, match="own: there is no parameter LONG"):
        chosen.with_parameters(LONG=1)


def test_an_unknown_lab_is_told_the_nearest():
    with pytest.raises(cs.ConfigError, match="'microscop'; did you mean 'microscopy'"):
        lab("microscop")


def test_cells_show_what_they_print_and_what_they_end_with():
    outputs = run_here(of("# %% [markdown]\n# # T\n\n# %%\nprint(1)\nx = 2\nx + 1\n\n# %%\nx;\n"))
    assert outputs[0] == outputs[2] == []
    assert [one.get("text") or one["data"]["text/plain"] for one in outputs[1]] == ["1\n", "3"]


def test_a_failing_cell_is_named_and_what_came_before_is_kept():
    with pytest.raises(CellError, match=r"lab own: the cell at line 9 failed: AssertionError: not so") as caught:
        run_here(of("# %%\nprint('before')\n# %%\nassert False, 'not so'\n# %%\nprint('after')\n"))
    first, second, third = caught.value.outputs
    assert first[0]["text"] == "before\n" and second[0]["ename"] == "AssertionError" and not third


def test_what_a_lab_trains_is_removed_with_it():
    (shown,) = run_here(of("# %%\nimport tempfile\nprint(tempfile.mkdtemp(), end='')\n"))
    assert not Path(shown[0]["text"]).exists()


def test_values_show_themselves_as_in_a_notebook():
    picture = bundle(cs.labs.pictures({"a": [[0, 1], [-1, 2]]}, numbers=True))
    assert picture["text/plain"] == "<picture of a>" and picture["image/png"].startswith("iVBOR")
    assert bundle(cs.labs.lines({"a": [1, 2], "b": [2, 1]}))["image/png"].startswith("iVBOR")
    assert "<table" in bundle(cs.inspect("tiny"))["text/html"]
    with pytest.raises(cs.ShapeError, match=r"'a' must be \(H, W\)"):
        cs.labs.pictures({"a": [1, 2]})


def test_text_of_a_lab_cannot_write_into_its_page():
    chosen = of("# %% [markdown]\n# <script>alert(1)</script>\n# %%\nprint('<script>')\n")
    assert "<script" not in page(chosen, run_here(chosen))


# The answers by hand; the engine computes its own when it is asked.
BY_HAND: Mapping[str, Any] = {
    "two-layers": (12, 8, 19, 19),
    "batch": (8, 3, 14, 14),
    "im2col": (75, 784),
    "weights": 4 * (2 * 25 + 1),
    "same-padding": 3,
    "dropped": 1,
    "field": 7,
    "billions": 53.7,
    "shift": True,
    "turn": False,
    "stride-shift": False,
    "upsampling": (1, 1, 14, 14),
}


def test_every_question_is_answered_by_the_engine():
    assert set(questions()) == set(BY_HAND)
    for name, answer in BY_HAND.items():
        assert check(name, answer), name
        wrong = not answer if isinstance(answer, bool) else (answer[:-1] if isinstance(answer, tuple) else answer + 1)
        for other in (wrong, None, "19"):
            verdict = check(name, other)
            assert not verdict and verdict.hint in repr(verdict), name
    assert not check("shift", 1), "a number is no yes"
    with pytest.raises(cs.ConfigError, match="no question 'batches'; did you mean 'batch'"):
        check("batches", 1)


def test_the_page_of_topics_names_headings_that_there_are():
    page_of_topics = (Path(__file__).parents[2] / "docs" / "learn" / "coverage.md").read_text("utf-8")
    told = dict.fromkeys(re.findall(rf"\| ({'|'.join(NAMES)}): (.*?) \|$", page_of_topics, re.MULTILINE))
    there = {
        (each.name, heading)
        for each in LABS
        for cell in each.cells
        for heading in re.findall(r"^### (.*)$", cell.source, re.MULTILINE)
        if cell.kind == "markdown"
    }
    assert len(told) > 40 and set(told) <= there
