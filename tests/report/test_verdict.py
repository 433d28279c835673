"""The sentences at the head of the report, in each case that can arise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from example_report import bare, contents

from convscope.report.figures import style
from convscope.report.figures.baselines import draw
from convscope.report.sections.classification.report import REPORT
from convscope.report.verdict import verdict


def said(found) -> str:
    return " ".join(verdict(found)).replace("\u202f", " ").replace("\N{MINUS SIGN}", "-")


def against(value: float, low: float, high: float):
    """Return contents whose best baseline is ``value`` behind the network."""
    found = contents()
    best = replace(
        found.baselines[0],
        name="HOG + linear",
        figure={"value": 0.881, "low": 0.86, "high": 0.9},
        comparison={"difference": {"value": value, "low": low, "high": high}, "p_mcnemar": 0.01},
    )
    worse = replace(best, name="majority class", figure={"value": 0.2, "low": 0.1, "high": 0.3})
    return replace(found, baselines=(worse, best))


def test_better_beyond_chance():
    text = said(against(0.097, 0.091, 0.103))
    assert "9.7 points better than the best baseline (HOG + linear, 88.1 %)." in text
    assert "beyond chance (95 % interval +9.1 to +10.3 points)." in text


@pytest.mark.parametrize("value", [0.01, -0.01, 0.0])
def test_a_difference_within_chance_is_no_gain(value):
    text = said(against(value, -0.03, 0.05))
    assert "better than" not in text
    assert f"the difference of {100 * value:+.1f} points could be chance (95 % interval -3.0 to +5.0 points)" in text
    assert "Convolution has not shown that it earns its keep." in text


def test_it_names_what_the_network_looks_with():
    attentive = replace(against(0.097, 0.091, 0.103), mechanism="attention")
    assert "Attention earned its keep" in said(attentive) and "onvolution" not in said(attentive)
    assert "recurrence did not earn its keep here" in said(replace(against(-0.1, -0.2, -0.05), mechanism="recurrence"))


def test_worse():
    text = said(against(-0.05, -0.08, -0.02))
    assert "5.0 points worse than the best baseline (HOG + linear, 88.1 %)" in text
    assert "The simple method wins" in text and "(95 % interval -8.0 to -2.0 points)" in text


def test_without_baselines_only_the_main_figure():
    found = bare(3)
    accuracy = found.metrics["accuracy"]
    assert said(found) == (
        f"On 300 images it had never seen, the network has accuracy {100 * accuracy['value']:.1f} %"
        f" (95 % interval {100 * accuracy['low']:.1f} to {100 * accuracy['high']:.1f} %)."
    )


def test_validation_images_that_chose_the_epoch_are_not_called_unseen():
    found = bare(3)
    text = said(replace(found, metrics=found.metrics | {"split": "valid"}))
    assert text.startswith("On 300 images of the validation split, which also served to choose the epoch,")
    last = said(replace(found, metrics=found.metrics | {"split": "valid", "select": "last"}))
    assert last.startswith("On 300 images it had never seen,")


def test_nearly_perfect_is_never_called_perfect():
    found = bare(3)
    nearly = {"value": 0.99999, "low": 0.9999, "high": 1.0}
    text = said(replace(found, metrics=found.metrics | {"accuracy": nearly}))
    assert "accuracy 99.99 % (95 % interval 99.99 to 100 %)" in text


def test_two_classes_tell_the_missed():
    found = contents(2, skill=1.0)
    missed = len(found.metrics["binary"]["missed"])
    (sentence,) = REPORT.remarks(found)
    assert f"Of 150 images of “kind 1”, the class counted as positive, it missed {missed} (sensitivity" in sentence


def test_a_figure_that_is_not_defined_is_said_and_drawn_nowhere():
    found = contents(3)
    missing = {"value": None, "low": None, "high": None}
    baselines = tuple(replace(each, figure=missing) for each in found.baselines)
    nothing = replace(found, metrics={**found.metrics, found.metrics["main"]: missing}, baselines=baselines)
    assert "the figure is not defined on them" in verdict(nothing)[0]
    assert draw(nothing) is None
    some = replace(found, baselines=(*baselines, *found.baselines))
    assert some.ranked == found.ranked
    with style.applied():
        assert draw(some) is not None


def test_one_example_has_no_interval() -> None:
    found = contents()
    accuracy = {**found.figure, "low": None, "high": None}
    text = said(replace(found, metrics={**found.metrics, "examples": 1, "accuracy": accuracy}, baselines=()))
    assert "On 1 image it had never seen" in text and "(no interval is known)." in text
