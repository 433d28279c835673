from __future__ import annotations

import csv
import io
import re
import zipfile

import numpy as np
import pytest
from hypothesis import given as cases
from hypothesis import settings
from hypothesis import strategies as st

from convscope.data import splits
from convscope.data.listing import Target
from convscope.errors import ConfigError, DataError
from real_data import real_data

AB = ("A", "B")


def assign(labels, classes, groups, given, **settings):
    """Divide a set of classes."""
    return splits.assign(Target("class", labels, tuple(classes)), groups, given, **settings)


def counts(split, labels=None, classes=2):
    if labels is None:
        return tuple(int((split == name).sum()) for name in ("train", "valid", "test"))
    return [np.bincount(labels[split == name], minlength=classes).tolist() for name in ("train", "valid", "test")]


def alternating(n):
    return np.arange(n) % 2


def test_nothing_given():
    labels = np.repeat([0, 1], [150, 50])
    split, rule = assign(labels, AB, None, np.full(200, ""))
    assert rule == "test: 20 % of all, valid: 10 % of the rest, stratified, seed 0"
    assert counts(split, labels) == [[108, 36], [12, 4], [30, 10]]


def test_train_alone_counts_as_nothing_given():
    empty, _ = assign(alternating(100), AB, None, np.full(100, ""))
    train, _ = assign(alternating(100), AB, None, np.full(100, "train"))
    assert (empty == train).all()


def test_test_given():
    given = np.array(["test"] * 40 + [""] * 30 + ["train"] * 30)
    split, rule = assign(alternating(100), AB, None, given)
    assert rule == "test as given; valid: 10 % of train, stratified, seed 0"
    assert (split[:40] == "test").all()
    assert counts(split) == (54, 6, 40)


def test_train_and_valid_given_leave_no_test():
    given = np.array(["train"] * 80 + ["valid"] * 20)
    split, rule = assign(alternating(100), AB, None, given)
    assert (split == given).all()
    assert rule == (
        "valid as given; no test split: the valid score is honest if it chooses neither the epoch nor when to stop"
    )


def test_all_given():
    given = np.array(["train", "train", "valid", "valid", "test", "test"] * 5)
    split, rule = assign(alternating(30), AB, None, given)
    assert (split == given).all()
    assert rule == "train, valid and test as given"


def test_valid_given_and_test_asked():
    given = np.array(["train"] * 80 + ["valid"] * 20)
    split, rule = assign(alternating(100), AB, None, given, test=0.25)
    assert rule == "valid as given; test: 25 % of train, stratified, seed 0"
    assert counts(split) == (60, 20, 20)


def test_numbers_instead_of_shares():
    split, rule = assign(alternating(1000), AB, None, np.full(1000, ""), valid=50, test=150, seed=7)
    assert rule == "test: 150 of all, valid: 50 of the rest, stratified, seed 7"
    assert counts(split) == (800, 50, 150)


def test_no_test_on_request():
    split, rule = assign(alternating(100), AB, None, np.full(100, ""), test=0)
    assert rule.startswith("valid: 10 % of all, stratified, seed 0; no test split")
    assert counts(split) == (90, 10, 0)


def test_valid_stops_at_5000():
    given = np.repeat(["train", "test"], [60_000, 100])
    split, rule = assign(alternating(60_100), AB, None, given)
    assert rule == "test as given; valid: 5,000 of train, stratified, seed 0"
    assert counts(split) == (55_000, 5_000, 100)
    assert counts(assign(alternating(60_100), AB, None, given, valid=0.1)[0]) == (54_000, 6_000, 100)


def test_same_seed_same_split_and_the_draw_is_pinned():
    labels, given = alternating(20), np.full(20, "")
    split, _ = assign(labels, AB, None, given, seed=1)
    assert (split == assign(labels, AB, None, given, seed=1)[0]).all()
    assert (split != assign(labels, AB, None, given, seed=2)[0]).any()
    # A change here changes the splits of every user's next run.
    assert np.flatnonzero(split == "test").tolist() == [0, 1, 5, 16]
    assert np.flatnonzero(split == "valid").tolist() == [8, 9]


def test_groups_stay_whole():
    labels = np.arange(200) % 2
    groups = np.array([f"g{i // 4}" for i in range(200)])
    split, rule = assign(labels, AB, groups, np.full(200, ""))
    assert rule == "test: 20 % of all, valid: 10 % of the rest, stratified, by group, seed 0"
    assert all(len(set(split[groups == group])) == 1 for group in set(groups))
    assert counts(split) == (144, 16, 40)


def test_an_empty_name_is_no_group():
    groups = np.array(["p1"] * 10 + [""] * 90)
    split, _ = assign(alternating(100), AB, groups, np.full(100, ""))
    assert len(set(split[:10])) == 1
    assert counts(split) == (72, 8, 20)


def test_a_giant_group_trains():
    labels = np.repeat([0, 1], 100)
    groups = np.array(["giant"] * 90 + ["b"] * 5 + ["c"] * 5 + [f"g{i // 4}" for i in range(100)])
    split, rule = assign(labels, AB, groups, np.full(200, ""))
    assert (split[groups == "giant"] == "train").all()
    assert counts(split, labels) == [[90, 72], [5, 8], [5, 20]]
    assert rule == (
        "test: 20 % of all (came to 25 of 200: every class is in it, and groups stay whole), "
        "valid: 10 % of the rest (came to 13 of 175: every class is in it, and groups stay whole), "
        "stratified, by group, seed 0"
    )


def test_three_large_groups_are_one_for_each_split():
    labels = np.repeat([0, 1], 60)
    groups = np.repeat(list("abcdef"), 20)
    split, _ = assign(labels, AB, groups, np.full(120, ""))
    assert counts(split, labels) == [[20, 20], [20, 20], [20, 20]]


def test_of_two_large_groups_the_smaller_validates():
    labels = np.repeat([0, 1, 0], [100, 100, 10])
    groups = np.array(["large"] * 60 + ["small"] * 40 + [f"g{i // 4}" for i in range(100)] + ["t"] * 10)
    given = np.repeat(["", "test"], [200, 10])
    for seed in range(5):
        split, _ = assign(labels, AB, groups, given, seed=seed)
        assert (split[groups == "large"] == "train").all() and (split[groups == "small"] == "valid").all()


@settings(max_examples=60, deadline=None)
@cases(st.data())
def test_laws(data):
    """Every class is in every split, no group is torn, and without groups the shares are met."""
    sizes = data.draw(st.lists(st.integers(3, 60), min_size=2, max_size=5))
    labels = np.repeat(np.arange(len(sizes)), sizes)
    classes = [str(c) for c in range(len(sizes))]
    share = data.draw(st.sampled_from([0.1, 0.2, 0.35]))
    units = None
    if data.draw(st.booleans()):
        units = np.array([f"{c}-{i % data.draw(st.integers(3, 9))}" for c, n in enumerate(sizes) for i in range(n)])
    try:
        split, _ = assign(
            labels, classes, units, np.full(len(labels), ""), test=share, seed=data.draw(st.integers(0, 9))
        )
    except DataError as error:
        assert units is not None and "groups stay whole" in str(error)
        return
    table = np.array(counts(split, labels, len(sizes)))
    assert (table > 0).all()
    if units is None:
        assert abs(table[2] - share * np.array(sizes)).max() < 2
    else:
        assert all(len(set(split[units == unit])) == 1 for unit in set(units))


def test_lung_tiles_by_tissue_block():
    with zipfile.ZipFile(real_data("lc25000_lung") / "lc25000_lung.zip") as archive:
        table = list(csv.DictReader(io.TextIOWrapper(archive.open("labels.csv"))))
    labels = np.array([int(row["label"]) for row in table])
    groups = np.array([row["group"] for row in table])
    given = np.array([row["split"] for row in table])
    split, rule = assign(labels, ("n", "aca", "scc"), groups, given)
    assert rule == "test as given; valid: 10 % of train, stratified, by group, seed 0"
    assert counts(split, labels, 3) == [[358, 348, 358], [40, 38, 38], [100, 100, 100]]
    for name in ("train", "test"):
        assert not set(groups[split == "valid"]) & set(groups[split == name])


RANGE = "give a share above 0 and up to 0.9, or a number of examples up to 72 (nine tenths of the 80 at hand)"
REMEDY = (
    "add examples, leave the class out, or say yourself which examples train, validate and test "
    "(folders train, valid and test, or a column 'split')"
)
WAY_OUT = "; where the column of the groups says nothing of what belongs together, leave it out with --group none"


@pytest.mark.parametrize(
    ("labels", "groups", "given", "message"),
    [
        ([], None, [], "found no example; training needs several of each of at least two classes"),
        ([0], None, [""], "found only one example; training needs several of each of at least two classes"),
        (
            [1, 1, 1],
            None,
            [""] * 3,
            "all 3 examples are of one class, 'B'; telling classes apart needs at least two "
            "(one folder a class, or a label column with two values)",
        ),
        ([0, 1], None, ["test"] * 2, "nothing to train on: all 2 examples are given as valid or test"),
        (
            [0] * 9 + [1],
            None,
            [""] * 10,
            f"class 'B' has only 1 example, but train, valid and test need one each: {REMEDY}",
        ),
        (
            [0] * 9 + [1],
            None,
            ["test"] + [""] * 9,
            f"class 'B' has only 1 example, but train and valid need one each: {REMEDY}",
        ),
        (
            [0] * 9 + [1] * 4,
            [*"abcdefghi", "x", "x", "y", "y"],
            [""] * 13,
            "class 'B' has its 4 examples in only 2 groups, but groups stay whole and train, valid and test need one "
            f"each: {REMEDY}{WAY_OUT}",
        ),
    ],
)
def test_sets_that_cannot_be_divided(labels, groups, given, message):
    groups = None if groups is None else np.array(groups)
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        assign(np.array(labels, int), AB, groups, np.array(given, "<U5"))


def test_groups_too_entangled_to_divide():
    members = {"p": "ABC", "q": "BC", "r": "AB", "s": "AC"}
    labels = np.array(["ABC".index(c) for classes in members.values() for c in classes])
    groups = np.array([group for group, classes in members.items() for _ in classes])
    message = f"no group of class 'B' can go to test without taking another class's last group: {REMEDY}{WAY_OUT}"
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        assign(labels, "ABC", groups, np.full(9, ""))


@pytest.mark.parametrize(
    ("settings", "given", "message"),
    [
        (
            {"test": 0.95},
            "",
            "test=0.95: give a share above 0 and up to 0.9, or a number of examples up to 90 (nine tenths of the 100 "
            "at hand); test=0 carves none",
        ),
        (
            {"valid": 0},
            "",
            f"valid=0: {RANGE}",
        ),
        (
            {"valid": 500},
            "",
            f"valid=500: {RANGE}",
        ),
        (
            {"valid": 2.5},
            "",
            f"valid=2.5: {RANGE}",
        ),
        ({"test": 0.1}, "test", "test=0.1: this set brings its own test split (20 examples), kept as given"),
    ],
)
def test_shares_that_cannot_be_had(settings, given, message):
    split = np.array([given] * 20 + [""] * 80)
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
        assign(alternating(100), AB, None, split, **settings)


def numbers(*columns) -> Target:
    return Target(
        "number", np.stack(columns, axis=1), tuple(f"n{k}" for k in range(len(columns))), ("",) * len(columns)
    )


@pytest.mark.parametrize(
    "values",
    [
        np.where(np.arange(60) % 7 == 3, np.nan, np.arange(60.0)),
        np.where(np.arange(60) == 3, 0.1, 5.0),
        np.full(60, np.nan),
    ],
)
def test_numbers_with_gaps_and_ties_can_be_divided(values):
    split, _ = splits.assign(numbers(values, np.arange(60.0)), None, np.full(60, ""))
    assert [int((split == name).sum()) for name in ("train", "valid", "test")] == [43, 5, 12]


def test_numbers_whose_parts_have_too_few_groups_are_drawn_at_random():
    split, rule = splits.assign(numbers(np.arange(60.0)), np.arange(60) // 10, np.full(60, ""))
    assert set(split) == {"train", "valid", "test"}
    assert "drawn at random" in rule
    assert "class" not in rule


def test_a_class_too_small_that_is_another_in_another_spelling_says_so_first():
    labels = np.array([0, 1] * 20 + [2])
    with pytest.raises(DataError, match=r"class 'yes' has only 1 example.*: if it is 'Yes' in another spelling, give"):
        splits.assign(Target("class", labels, ("Yes", "no", "yes")), None, np.full(41, ""))
    with pytest.raises(DataError, match=r"class 'maybe' has only 1 example.*: add examples"):
        splits.assign(Target("class", labels, ("yes", "no", "maybe")), None, np.full(41, ""))
