"""The page of a comparison, from one network to more than there are colours for."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from html import unescape
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.text import Text

from convscope.data.spec import Classes
from convscope.report import comparison
from convscope.report.figures import differences, label_placement, learning_curves, networks, style, tradeoff
from convscope.runs.compare.comparison import Comparison, Network, Pair, Trained
from convscope.runs.compare.conclusions import conclusions
from convscope.tasks import registry
from convscope.tasks.scores import About

FIGURES = ("accuracy", "balanced_accuracy", "log_loss", "ece")


def network(at: int, name: str, seeds: int, epochs: int = 4) -> Network:
    accuracy = 0.97 - 0.01 * at
    history = {
        "epoch": [float(n) for n in range(1, epochs + 1)],
        "valid_loss": [(1 + at) / n for n in range(1, epochs + 1)],
        "valid_accuracy": [accuracy - 0.3 / n**2 for n in range(1, epochs + 1)],
    }
    runs = tuple(
        Trained(
            f"runs/{name}-{s}", s, dict.fromkeys(FIGURES, accuracy + 0.002 * s), epochs, 2.0 * at + 1, 900.0, history
        )
        for s in range(seeds)
    )
    figures = {key: {"value": accuracy, "low": accuracy - 0.004, "high": accuracy + 0.005} for key in FIGURES}
    return Network(name, "tiny", 10 ** (at % 5 + 3), 5 ** (at % 7 + 4), figures, 2.0 * at + 1, 900.0, runs, {"lr": at})


def made(count: int, *, seeds: int = 3, epochs: int = 4, name: str = "network") -> Comparison:
    each = tuple(network(at, f"{name} {at}", seeds, epochs) for at in range(count))
    pairs = []
    for a, b in combinations(each, 2):
        gap = a.figures["accuracy"]["value"] - b.figures["accuracy"]["value"]
        p = 0.2 if gap < 0.015 else 0.001
        difference = {"value": gap, "low": gap - 0.012, "high": gap + 0.012}
        seed = {"seed_a": 0, "seed_b": 0, "difference": difference, "only_a": 31, "only_b": 12, "p_mcnemar": p}
        pairs.append(Pair(a.name, b.name, difference, "bootstrap", p, p, (seed,)))
    target = Classes(("a", "b"))
    return Comparison(
        "digits", "test", 2000, "classification", target, each, tuple(pairs), ("One is better.",), ("a note",)
    )


def extents(axes):
    return [Text.get_window_extent(note) for note in axes.texts]  # without the lines that lead to the points


@pytest.fixture
def styled():
    with style.applied():
        yield


@pytest.mark.parametrize("count", [1, 5, 17])
def test_the_page_shows_any_number_of_networks(count, tmp_path: Path):
    found = made(count)
    (tmp_path / "c" / "figures").mkdir(parents=True)
    (tmp_path / "c" / "figures" / "differences.png").write_text("of an earlier comparison")
    page = comparison.write(found, tmp_path / "c").read_text()
    assert page.count('<th scope="row">network 0') >= 2
    assert "http://" not in page.replace("http://www.w3.org", "") and "<script" not in page
    drawn = {at.stem for at in (tmp_path / "c" / "figures").iterdir()}
    expected = {"networks", "learning_curves"} | ({"tradeoff"} if count > 1 else set())
    expected |= {"differences"} if count == 5 else set()
    assert drawn == expected
    assert json.loads((tmp_path / "c" / "comparison.json").read_text())["best"] == "network 0"
    assert len((tmp_path / "c" / "comparison.csv").read_text().splitlines()) == 1 + 4 * count


def test_names_from_other_peoples_settings_do_no_harm(tmp_path: Path):
    page = comparison.write(made(3, name="<script>alert(1)</script> $x"), tmp_path / "c").read_text()
    assert "<script>" not in page


@pytest.mark.usefixtures("styled")
@pytest.mark.parametrize("count", [3, 9])
def test_no_name_lies_over_another(count):
    figure = tradeoff.draw(made(count)).figure
    figure.savefig(io.BytesIO(), format="png")
    for axes in figure.axes:
        boxes = extents(axes)
        assert len(boxes) == count
        assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    figure = learning_curves.draw(made(count)).figure
    figure.savefig(io.BytesIO(), format="png")
    boxes = extents(figure.axes[1])
    assert len(boxes) == count and not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    assert all(box.x1 <= figure.bbox.x1 for box in boxes)


@pytest.mark.usefixtures("styled")
def test_points_in_one_place_still_get_names_apart():
    figure = style.canvas(5, 4)
    axes = figure.subplots()
    axes.set(xlim=(0, 2), ylim=(0, 2))
    at = np.array([[1.0, 1.0]] * 6)
    label_placement.place_names(axes, [f"name {n}" for n in range(6)], at, at, ["k"] * 6)
    figure.savefig(io.BytesIO(), format="png")
    assert not any(a.overlaps(b) for a, b in combinations(extents(axes), 2))


@pytest.mark.usefixtures("styled")
def test_nothing_is_drawn_from_too_little():
    assert tradeoff.draw(made(1)) is None
    assert learning_curves.draw(made(2, epochs=1)) is None
    assert differences.draw(made(2)) is None and differences.draw(made(13)) is None
    assert networks.draw(made(1)).title


def test_conclusions_say_what_is_shown_and_what_is_not():
    said = list(conclusions(made(4)))
    assert said[0] == (
        "network 0 is better than network 2 by 2.0 points (+0.8 to +3.2) "
        "and than network 3 by 3.0 points (+1.8 to +4.2)."
    )
    assert said[1] == (
        "Between network 0 and network 1 the 2,000 test images and 3 seeds do not decide: the difference of 1.0 points "
        "(−0.2 to +2.2) could be chance."
    )
    assert len(said) == 2  # network 1 is dearer: nothing speaks for it


def in_pixels(monkeypatch: pytest.MonkeyPatch) -> Comparison:
    """Return a comparison by an error in pixels, of which less is better: network 0 errs by 3, the others by more."""
    about = {"mae": About("MAE", "mean absolute error", "px", "lower"), "r2": About("R²", "variance explained")}
    points = replace(registry.task("classification"), name="points", compared=about)
    monkeypatch.setitem(registry._REGISTERED, "points", points)
    each = []
    for at, plain in enumerate(made(3).networks):
        error = 3.0 + 2 * at
        history = {"epoch": [1.0, 2.0, 3.0], "valid_loss": [3.0, 1.0, 0.1], "valid_mae": [9.0, error + 1, error]}
        runs = tuple(replace(run, figures={"mae": error, "r2": None}, history=history, epochs=3) for run in plain.runs)
        figures = {
            "mae": {"value": error, "low": error - 0.5, "high": error + 0.5},
            "r2": {"value": None, "low": None, "high": None},
        }
        each.append(replace(plain, figures=figures, runs=runs))
    pairs = []
    for a, b in combinations(each, 2):
        gap = a.figures["mae"]["value"] - b.figures["mae"]["value"]
        difference = {"value": gap, "low": gap - 0.4, "high": gap + 0.4}
        pairs.append(Pair(a.name, b.name, difference, "sign_flip", 0.001, 0.003, ({"difference": difference},)))
    return replace(made(3), task="points", networks=tuple(each), pairs=tuple(pairs), noun="signal")


def test_a_figure_of_which_less_is_better_is_compared_by_its_name_unit_and_direction(tmp_path, monkeypatch):
    page = comparison.write(in_pixels(monkeypatch), tmp_path / "c").read_text("utf-8")
    text = re.sub(r"\s+", " ", unescape(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", page, flags=re.DOTALL)))
    text = text.replace("\u202f", " ").replace("\N{MINUS SIGN}", "-")
    assert "MAE (95 % interval)" in text and "the best leads by, px" in text
    assert "3.0 px (2.5 to 3.5) n/a –" in text  # R² is not known
    assert "5.0 px (4.5 to 5.5) n/a +2.00 (+1.60 to +2.40)" in text
    assert "accuracy" not in text and "only one right" not in text and "2,000 test signals" in text
    header, *_ = (tmp_path / "c" / "comparison.csv").read_text().splitlines()
    assert "mae,mae_low,mae_high,r2,r2_low,r2_high" in header
    svg = (tmp_path / "c" / "figures" / "learning_curves.svg").read_text("utf-8")
    assert "Validation MAE, px" in svg
