"""In which order the examples of a run are listed, and what is said where its files are damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from convscope.explorer import questions
from convscope.explorer.judged import judged
from convscope.explorer.session import session_of
from explorer.conftest import page as page
from explorer.conftest import run as run


def test_the_surest_mistakes_are_followed_by_the_least_sure_right_answers(run: Path) -> None:
    session = session_of([run])
    known = judged(session, session.run("digits run"))
    sure = np.array([float(line["probability"]) for line in known.lines])[known.worst]
    assert known.right is not None
    wrong = int((~known.right).sum())
    assert not known.right[known.worst][:wrong].any() and known.right[known.worst][wrong:].all()
    assert (np.diff(sure[:wrong]) <= 0).all() and (np.diff(sure[wrong:]) >= 0).all()


def test_figures_that_are_damaged_are_named(run: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(run, tmp_path / "broken")
    (folder / "metrics.json").write_text("{")
    (told,) = questions.ask(session_of([folder]), "runs/broken/images", {}).values["warnings"]
    assert "metrics.json is damaged" in told
    assert questions.ask(session_of([run]), "runs/digits run/images", {}).values["warnings"] == []
