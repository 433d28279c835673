"""Every example in the documentation is run: the ```python blocks of a page are one session, from top to bottom."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted([*(DOCS / "learn").glob("*.md"), *(DOCS / "how-to").glob("*.md")])
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def session(text: str) -> str:
    """Return the page with all but its examples blanked out, so that a failure names the page's own line."""
    kept = [""] * (text.count("\n") + 1)
    for block in BLOCK.finditer(text):
        first = text[: block.start(1)].count("\n")
        lines = block[1].splitlines()
        kept[first : first + len(lines)] = lines
    return "\n".join(kept)


def failures(text: str, name: str) -> list[str]:
    """Run a page and return what went wrong."""
    told: list[str] = []
    test = doctest.DocTestParser().get_doctest(session(text), {}, name, name, 0)
    doctest.DocTestRunner(verbose=False).run(test, out=told.append)
    return told


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_example_is_true(page):
    text = page.read_text("utf-8")
    assert BLOCK.search(text) or page.parent.name == "how-to", "a page to learn from has examples"
    assert "".join(failures(text, page.name)) == ""


def test_there_are_pages():
    assert PAGES


def test_the_guard_sees():
    page = "# A page\n\n```python\n>>> 1 + 1\n2\n```\ntext\n```python\n>>> 1 + 1\n3\n```\n"
    (told,) = failures(page, "page.md")
    assert "line 9" in told and "Expected:\n    3\nGot:\n    2" in told
