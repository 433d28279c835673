"""All checks of a method: what only shows edges fails, what a linear network rests on passes; signals, texts."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from threading import Lock

import msgspec
import numpy as np
import pytest
import torch
from torch import nn

from convscope.errors import ConfigError
from convscope.explaining.attribution import Attribution
from convscope.explaining.checks.checks import check, check_all
from convscope.explaining.checks.edges import edges
from convscope.explaining.checks.estimate import Estimate
from convscope.explaining.checks.ranking import ranking
from convscope.explaining.checks.result import Checks
from convscope.explaining.explained import Explained
from convscope.explaining.methods import METHODS, Method
from convscope.explaining.score import ChosenScore, RegionScore, Score, scores
from convscope.models import create

GRADIENT = METHODS["gradient"]
Compute = Callable[[Explained, Score], np.ndarray]


def _method(name: str, maps: Compute, gap: np.ndarray | None = None) -> Method:
    def compute(explained: Explained, score: Score) -> Attribution:
        of = scores(explained.model, explained.x, score)
        return Attribution(maps(explained, score).astype(np.float32), None, of, name, gap=gap)

    return Method(name, name, compute, True, "", "")


def _edges(explained: Explained, score: Score) -> np.ndarray:
    found = edges(explained.x)
    assert found is not None
    return found


def _product(explained: Explained, score: Score) -> np.ndarray:
    values = GRADIENT.compute(explained, score).values
    assert values is not None
    return (values * explained.x.numpy()).sum(1)


EDGES = _method("only_edges", _edges)
CONSTANT = _method("constant", lambda explained, score: np.ones((len(explained.x), *explained.x.shape[2:])))
PRODUCT = _method("product", _product)


def _images(count: int = 16) -> Explained:
    """A linear network with a sparse kernel of each class: its gradient is that kernel."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(144, 3))
    with torch.no_grad():
        model[1].weight.mul_(torch.rand(3, 144) < 0.2).mul_(10)  # pyright: ignore
    return Explained(model, torch.randn(count, 1, 12, 12, generator=torch.Generator().manual_seed(1)))


def _answers(explained: Explained) -> ChosenScore:
    with torch.no_grad():
        return ChosenScore(explained.model(explained.x).argmax(1))


SCORE = _answers(_images())


def test_what_only_shows_edges_fails():
    checks = check(EDGES, _images(), SCORE)
    assert checks.passed is False and checks.random_weights is not None
    assert checks.edges is not None and checks.random_weights.last.value == pytest.approx(1.0) == checks.edges.value
    assert checks.runner_up is not None and checks.runner_up.value == pytest.approx(1.0)
    assert checks.verdict.startswith("Do not read it as the network's reasons: most of it stays")
    assert "1.00 like itself with random weights" in checks.figures
    assert checks.figures.endswith("shows the image (and 1.00 like its edges), not the network")


def test_the_gradient_of_a_linear_network_passes_and_a_product_beats_random_order():
    gradient, product = check_all([GRADIENT, PRODUCT], _images(), SCORE)
    assert gradient.random_weights is not None and gradient.edges is not None
    assert abs(gradient.random_weights.last.value or 1) < 0.3 and abs(gradient.edges.value or 1) < 0.2
    assert gradient.stability is not None and gradient.stability.value == pytest.approx(1.0)
    assert gradient.random_weights.others.value is not None  # rows of two classes
    assert gradient.passed is True
    assert "depends on what was learned" in gradient.figures and "maps of two different images" in gradient.figures
    assert gradient.verdict == f"{gradient.belief}. {gradient.figures}" and gradient.belief.startswith("Believe it: ")
    assert product.passed is True
    assert "the score falls faster than in random order and faster than by the edges of the image" in product.figures
    assert [fill.fill for fill in product.deletion] == ["mean", "blur"]


def test_a_constant_map_says_nothing():
    checks = check(CONSTANT, _images(), SCORE)
    assert checks.passed is False and checks.constant == 16
    assert checks.belief == "Do not read it as the network's reasons: it is the same everywhere"
    assert not any(each.better for fill in checks.deletion for each in fill.against if each.order == "random")


def test_some_constant_maps_are_counted():
    def one_blank(explained: Explained, score: Score) -> np.ndarray:
        maps = GRADIENT.compute(explained, score).map.copy()
        maps[3] = 0
        return maps

    checks = check(_method("blank", one_blank), _images(), SCORE)
    assert checks.constant == 1 and "on 1 of 16 images the map is the same everywhere" in checks.verdict


def _checks(**changes: float) -> Checks:
    """Return checks of which some figures are others."""
    checks = check(PRODUCT, _images(4), ChosenScore([0, 1, 2, 0]))
    new = {name: Estimate(value, None, None, 4) for name, value in changes.items() if name != "top"}
    assert checks.random_weights is not None
    layers = dataclasses.replace(checks.random_weights.steps[0], spearman=Estimate(changes.get("top"), None, None, 4))
    last = dataclasses.replace(layers, spearman=new.pop("last", Estimate(0.125, None, None, 4)))
    others = new.pop("others", Estimate(0.25, None, None, 4))
    cascade = dataclasses.replace(checks.random_weights, steps=(layers, last), others=others)
    return dataclasses.replace(checks, random_weights=cascade, **new)  # pyright: ignore[reportArgumentType]


def _said(**changes: float) -> str:
    return _checks(**changes).figures


def test_a_map_is_believed_unless_a_check_speaks_against_it_or_leaves_it_open():
    assert _checks().passed is True and _checks().belief.startswith("Believe it: it depends on what was learned")
    cases = {
        "most of it stays": (False, _checks(last=0.5)),
        "part of it stays": (None, _checks(last=0.47, others=0.36)),
        "it is another map under noise": (None, _checks(stability=0.25)),
        "is much the same for another answer": (None, _checks(runner_up=0.75)),
    }
    for words, (passed, checks) in cases.items():
        assert checks.passed is passed and words in checks.belief
    assert _checks(last=0.47, others=0.48).passed is True  # no more than any two maps share
    assert "shows what maps of any image share, not the network" in _checks(last=0.5, others=0.6).figures


def test_half_of_the_fills_leave_open_what_all_of_them_deny():
    checks = _checks()
    lost = Estimate(-0.1, -0.2, -0.05, 4)
    slower = [
        dataclasses.replace(fill, against=tuple(dataclasses.replace(each, deletion_gain=lost) for each in fill.against))
        for fill in checks.deletion
    ]
    one = dataclasses.replace(checks, deletion=(checks.deletion[0], slower[1]))
    assert one.passed is None and "depends on what is put in its place" in one.belief
    every = dataclasses.replace(checks, deletion=tuple(slower))
    assert every.passed is False and "no more than places drawn at random" in every.belief
    none = dataclasses.replace(checks, deletion=())
    assert none.passed is None and "was not measured" in none.belief


def test_a_rank_beside_the_edges_that_flips_with_the_fill_leaves_it_open():
    checks = _checks()
    slower = Estimate(-0.1, -0.2, -0.05, 4)
    last = checks.deletion[-1]
    flipped = tuple(
        dataclasses.replace(each, deletion_gain=slower) if each.order == "edges" else each for each in last.against
    )
    both = dataclasses.replace(checks, deletion=(*checks.deletion[:-1], dataclasses.replace(last, against=flipped)))
    assert "so that ranks flip" in both.figures
    assert both.passed is None and both.belief.startswith("Uncertain: whether it tells more than the edges")


def test_what_is_to_be_held_against_a_map_is_said():
    assert "0.75 like the edges of the image" in _said(edges=0.75) and "like the edges" not in _said(edges=0.25)
    assert "only 0.25 like itself under noise" in _said(stability=0.25) and "noise" not in _said(stability=0.75)
    assert "0.75 like the map of the runner-up" in _said(runner_up=0.75) and "runner-up" not in _said(runner_up=0.5)
    assert "0.88 like itself where only the last layer (1) is random" in _said(top=0.875)
    assert _said(top=0.25).startswith("0.12 like itself with random weights")


def test_an_untrained_network_is_said_to_be_so():
    checks = check(PRODUCT, _images(), SCORE, trained=False)
    assert checks.passed is False and "this network has learned nothing" in checks.belief
    assert "depends on what was learned" not in checks.verdict


def test_the_gap_is_a_part_of_the_score():
    explained = _images()
    of = scores(explained.model, explained.x, SCORE)
    gap = np.where(np.arange(16) == 2, 0.5, -0.125) * of
    checks = check(
        _method("gaps", lambda explained, score: GRADIENT.compute(explained, score).map, gap), explained, SCORE
    )
    assert checks.gap is not None
    assert (checks.gap.median, checks.gap.largest) == (pytest.approx(0.125), pytest.approx(0.5))


def test_a_network_that_cannot_be_copied_is_still_checked_otherwise():
    class Locked(nn.Sequential):
        def __init__(self) -> None:
            super().__init__(nn.Flatten(), nn.Linear(144, 3))
            self.lock = Lock()

    locked = Locked()
    locked.load_state_dict(_images().model.state_dict())
    checks = check(PRODUCT, Explained(locked, _images().x), SCORE)
    assert checks.random_weights is None and checks.passed is None and checks.stability is not None
    assert "not checked with random weights: Locked cannot be copied" in checks.figures
    assert any("Locked" in note for note in checks.notes)


def test_one_output_has_no_runner_up_and_other_scores_neither():
    model = nn.Sequential(nn.Flatten(), nn.Linear(144, 1))
    one = check(GRADIENT, Explained(model, _images().x), ChosenScore([0] * 16))
    assert one.runner_up is None and any("one output" in note for note in one.notes)
    total = check(GRADIENT, _images(), Score("sum", lambda out: out.sum(1)))
    assert total.runner_up is None and any("sum" in note for note in total.notes)


def test_the_runner_up_is_the_highest_of_the_others():
    seen: list[list[int]] = []

    def remembered(explained: Explained, score: Score) -> np.ndarray:
        assert isinstance(score, ChosenScore)
        seen.append(score.numbers.tolist())
        return GRADIENT.compute(explained, score).map

    explained = _images()
    check(_method("remembered", remembered), explained, SCORE)
    with torch.no_grad():
        outputs = explained.model(explained.x).numpy()
    outputs[np.arange(16), SCORE.numbers.numpy()] = -np.inf
    assert outputs.argmax(1).tolist() in seen


def test_maps_that_are_no_numbers_are_refused():
    explained = _images()
    with torch.no_grad():
        explained.model[1].weight[0, 0] = torch.nan  # pyright: ignore
    with pytest.raises(ConfigError, match=r"weights 1\.weight hold NaN"):
        check(GRADIENT, explained, SCORE)


def test_a_region_has_a_runner_up_and_a_map_may_show_only_where_it_lies():
    torch.manual_seed(0)
    model = nn.Conv2d(1, 3, 3, padding=1)
    masks = torch.zeros(4, 12, 12, dtype=torch.bool)
    masks[:, 4:8, 4:8] = True
    explained = Explained(model, _images(4).x)
    checks = check(GRADIENT, explained, RegionScore(masks, [0, 1, 2, 0]))
    assert checks.region and checks.runner_up is not None and checks.runner_up.count == 4
    assert checks.passed is False and "the region asked for, not the network" in checks.figures


def test_signals_of_different_lengths():
    torch.manual_seed(0)
    model = create("conv1d", classes=3, channels=2, size=None)
    x = torch.randn(6, 2, 50, generator=torch.Generator().manual_seed(0))
    x[1, :, 30:] = 0
    checks = check(GRADIENT, Explained(model, x, 1e-6), ChosenScore([0, 1, 2, 0, 1, 2]))
    assert checks.noun == "signal" and checks.edges is not None and checks.edges.count == 6
    assert checks.random_weights is not None and [fill.fill for fill in checks.deletion] == ["mean", "blur"]


def _by_token(explained: Explained, score: Score) -> np.ndarray:
    """How much the score falls when a token becomes unknown."""
    whole = scores(explained.model, explained.x, score)
    falls = []
    for at in range(explained.x.shape[1]):
        x = explained.x.clone()
        x[:, at] = torch.where(x[:, at] == 0, 0, 1)
        falls.append(whole - scores(explained.model, x, score))
    return np.stack(falls, 1)


def test_texts_have_no_edges_and_no_noise_and_two_fills():
    torch.manual_seed(0)
    model = create("text_cnn", classes=3, vocabulary=20, size=(None,))  # pyright: ignore
    tokens = torch.randint(2, 20, (6, 12), generator=torch.Generator().manual_seed(0))
    tokens[2, 7:] = 0
    checks = check(_method("tokens", _by_token), Explained(model, tokens), ChosenScore([0, 1, 2, 0, 1, 2]))
    assert checks.noun == "text" and checks.edges is None and checks.stability is None
    assert {"not compared with edges: a text has none"} <= set(checks.notes)
    assert [fill.fill for fill in checks.deletion] == ["left out", "unknown token"]
    assert [each.order for each in checks.deletion[0].against] == ["random"]
    assert checks.random_weights is not None and checks.random_weights.steps[-1].spearman.count == 6


def test_checks_are_plain_values_and_come_back_from_them():
    checks = check(GRADIENT, _images(4), ChosenScore([0, 1, 2, 0]))
    text = json.dumps(checks.to_dict(), allow_nan=False)
    assert Checks.from_dict(json.loads(text)) == checks
    assert json.loads(text)["verdict"] == checks.verdict
    with pytest.raises(msgspec.ValidationError):
        Checks.from_dict({"method": "gradient"})


def test_the_same_inputs_give_the_same_numbers():
    first, second = (check(GRADIENT, _images(6), ChosenScore([0, 1, 2] * 2)) for _ in range(2))
    assert first == second


def test_the_table_ranks_methods_beside_random_order_and_edges_and_says_flips():
    gradient, product, constant = check_all([GRADIENT, PRODUCT, CONSTANT], _images(), SCORE)
    table = ranking([gradient, constant, product])
    assert table.rows[0].name == "product" and table.rows[0].passed is True
    assert {row.name for row in table.rows} == {"gradient", "product", "constant", "random order", "edges"}
    for at in (0, 1):
        areas = [row.places[at].area.value or 0.0 for row in sorted(table.rows, key=lambda row: row.places[at].rank)]
        assert areas == sorted(areas) and {row.places[at].rank for row in table.rows} == {1, 2, 3, 4, 5}
    by_name = {row.name: row for row in table.rows}
    assert by_name["edges"].passed is None and by_name["edges"].places[0].random_gain is None
    assert table.rows[0].places[0].random_gain == product.deletion[0].against[0].deletion_gain
    json.dumps(table.to_dict(), allow_nan=False)


def test_flips_are_named_and_other_inputs_refused():
    gradient, product = check_all([GRADIENT, PRODUCT], _images(), SCORE)
    turned = [
        dataclasses.replace(fill, deletion=dataclasses.replace(fill.deletion, value=value))
        for fill, value in zip(gradient.deletion, (-99.0, 99.0), strict=True)
    ]
    table = ranking([dataclasses.replace(gradient, deletion=tuple(turned)), product])
    assert {"gradient", "product"} in map(set, table.flips)
    assert table.sentence.startswith("Ranks flip between the fills (mean and blur): ")
    same = ranking([product])
    assert not any("product" in pair for pair in same.flips)
    with pytest.raises(ConfigError, match="other inputs"):
        ranking([gradient, check(PRODUCT, _images(8), ChosenScore([0, 1] * 4))])
    with pytest.raises(ConfigError, match="no checks"):
        ranking([])
