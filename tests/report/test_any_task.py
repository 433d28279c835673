"""The report of a task that brings nothing of its own: made-up errors in pixels, of which less is better."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from html import unescape

import numpy as np
import pytest
from example_report import contents as classified

from convscope.report.contents import Baseline, Contents
from convscope.report.html import write
from convscope.report.verdict import verdict
from convscope.tasks.scores import About

ABOUT = {
    "mae": About("MAE", "mean absolute error", "px", "lower"),
    "r2": About("R²", "part of the variance that is explained"),
}


def estimate(value: float, spread: float) -> dict[str, float]:
    return {"value": value, "low": value - spread, "high": value + spread}


def baseline(name: str, error: float, network: float, spread: float) -> Baseline:
    comparison = {"difference": estimate(network - error, spread), "p_sign_flip": 0.003}
    return Baseline(name, f"what {name} does", estimate(error, 0.3), comparison, 0.2, 900)


def measured(error: float = 4.3, spread: float = 0.5) -> Contents:
    """Return the contents of a run that errs by ``error`` pixels, beside two baselines that err by 6.5 and 60."""
    falling = np.exp(-np.arange(1, 41) / 12)
    metrics = {
        "main": "mae", "metrics": {name: asdict(about) for name, about in ABOUT.items()}, "examples": 120,
        "groups": None, "mae": estimate(error, 0.4), "r2": estimate(0.81, 0.05), "split": "test",
        "rule": "the epoch with the lowest validation error", "chosen_epoch": 2,
    }  # fmt: skip
    epochs = {
        "epoch": [1, 2, 3], "train_loss": [0.9, 0.4, 0.3], "train_mae": [9.0, 5.0, 4.0],
        "valid_loss": [1.0, 0.5, 0.5], "valid_mae": [10.0, 6.0, 6.5], "lr": [0.1, 0.1, 0.0], "seconds": [1.0] * 3,
    }  # fmt: skip
    steps = {"step": np.arange(1, 41), "epoch": np.arange(1, 41) / 40 * 3, "lr": falling, "momentum": falling}
    for name, scale in (("loss", 1), ("mae", 12)):
        steps |= {name: scale * falling, f"{name}_average": scale * falling}
    full = classified()
    return replace(
        full, task="two_numbers", own=None, metrics=metrics, epochs=epochs, steps=steps, noun="signal", kernels=None,
        baselines=(baseline("mean", 60, error, spread), baseline("ridge", 6.5, error, spread)), samples=None,
        augmented=None,
    )  # fmt: skip


def said(found: Contents) -> str:
    return " ".join(verdict(found)).replace("\u202f", " ").replace("\N{MINUS SIGN}", "-")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory):
    return write(measured(), tmp_path_factory.mktemp("run"))


def test_it_has_every_section_and_figure_that_any_run_has(report):
    page = report.read_text("utf-8")
    links = re.findall(r'<a href="#(\w+)">([^<]+)</a>', page.split("</nav>")[0].split("<nav")[1])
    assert [link for link, _ in links] == ["scores", "learning", "data", "plan", "repeat"]
    assert {at.stem for at in (report.parent / "figures").glob("*.svg")} == {"baselines", "curves", "lr_schedule"}


def test_it_says_every_figure_with_its_meaning_unit_and_interval(report):
    bare = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", report.read_text("utf-8"), flags=re.DOTALL)
    text = re.sub(r"\s+", " ", unescape(bare)).replace("\u202f", " ")
    assert "MAE mean absolute error 4.30 px 3.90 to 4.70" in text
    assert "R² part of the variance that is explained 0.810 0.760 to 0.860" in text
    assert "network's lead, px" in text and "+2.2 (+1.7 to +2.7)" in text
    assert "120 signals" in text and "accuracy" not in text


def test_the_curves_are_those_of_its_own_metric(report):
    svg = (report.parent / "figures" / "curves.svg").read_text("utf-8")
    assert ">MAE" in svg and ">Loss" in svg


@pytest.mark.parametrize(
    ("error", "spread", "words"),
    [
        (4.3, 0.5, "2.2 px better than the best baseline (ridge, 6.50 px)"),
        (6.3, 0.5, "difference of +0.2 px could be chance (95 % interval -0.3 to +0.7 px)"),
        (9.5, 0.5, "3.0 px worse than the best baseline (ridge, 6.50 px)"),
    ],
)
def test_the_verdict_goes_by_the_direction_of_the_figure(error, spread, words):
    text = said(measured(error, spread))
    assert f"MAE {error:.2f} px" in text
    assert words in text
    assert ("The simple method wins" in text) == (error > 7)


def test_where_no_interval_is_known_nothing_is_called_beyond_chance():
    found = measured()
    unknown = {"difference": {"value": -2.0, "low": None, "high": None}, "p_sign_flip": 1.0}
    text = said(replace(found, baselines=(replace(found.baselines[1], comparison=unknown),)))
    assert "could be chance (no interval is known)" in text
