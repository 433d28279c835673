"""Another set's masks are read by the rule of training, as far as it is about values; what differs is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_mask_kinds import mask, numbered, of, patches, read

from convscope.data.masks import MaskRule, ignoring, read_otherwise
from convscope.errors import ConfigError, DataError


def rule_of(*arrays: np.ndarray, **options: Any) -> MaskRule:
    return MaskRule.from_dict(read(of(*arrays), **options).rule.to_dict())


def test_what_two_values_alone_would_be_taken_for_does_not_count() -> None:
    rule = rule_of(patches(0, 1, 2, 255), patches(0, 1, 2, 255)[::-1])
    assert rule.classes == (0, 1, 2, 255)
    other = read(of(patches(0, 255), patches(1, 0)), rule=rule)  # alone 0 and 255 are background and object
    assert mask(other)[0, ::6].tolist() == [0, 255] and mask(other, 1)[0, ::6].tolist() == [1, 0]
    assert other.column.spec.names == rule.names and other.rule == rule
    with pytest.raises(DataError, match=r"m1: the value 7 is none .*0 background, 1 1, 2 2, 255 void.*--ignore 7"):
        read(of(patches(0, 1), patches(0, 7)), rule=rule)
    assert mask(read(of(patches(0, 7)), rule=ignoring(rule, "7")))[0, ::6].tolist() == [0, 255]


def test_of_two_classes_any_two_values_are_both_but_not_the_other_way_round() -> None:
    rule = rule_of(patches(0, 255))
    other = read(of(patches(0, 1), patches(1, 0)), rule=rule)
    assert mask(other)[0, ::6].tolist() == [0, 1] and other.column.spec.names == ("background", "object")
    assert read_otherwise(other.rule, rule).endswith("training of this run: 1 is object (there: not known)")
    assert mask(read(of(patches(3, 9)), rule=rule))[0, ::6].tolist() == [0, 1]
    only = read(of(patches(255, 255)), rule=rule)  # a known value alone is what it was
    assert only.pixels.tolist() == [[0, 24 * 12]]
    for values in ((0, 1, 2), (255, 300), (1, 1)):
        with pytest.raises(DataError, match="is none that this run has learned"):
            read(of(patches(*values, dtype=np.uint16)), rule=rule)


def test_everything_but_the_background_stays_the_object() -> None:
    rule = rule_of(patches(0, 1, 2), mask="binary")
    assert mask(read(of(patches(0, 2, 9)), rule=rule))[0, ::6].tolist() == [0, 1, 1]


def test_a_threshold_is_kept() -> None:
    rule = rule_of(np.arange(256, dtype=np.uint8).reshape(16, 16), mask_threshold=100)
    assert mask(read(of(patches(10, 99, 100, 250)), rule=rule))[0, ::6].tolist() == [0, 0, 1, 1]


def test_a_set_tells_itself_how_its_objects_are_told_apart() -> None:
    by_value = rule_of(*(numbered(k) for k in (5, 9, 12)))
    flat = read(of(255 * (numbered(7) > 0).astype(np.uint8)), rule=by_value)
    assert flat.objects.tolist() == [7] and flat.rule.kind == "instances"
    by_piece = rule_of(255 * (numbered(7) > 0).astype(np.uint8), mask="instances")
    touching = np.repeat(np.array([[0, 1, 2, 3]], np.uint8), 4, 0)
    assert read(of(touching), rule=by_piece).objects.tolist() == [3]
    void = rule_of(*(numbered(k) for k in (5, 9, 12)), mask="instances", ignore="9")
    assert read(of(numbered(10)), rule=void).objects.tolist() == [9]


def test_a_few_soft_pixels_are_no_new_values() -> None:
    rule = rule_of(np.kron(patches(0, 255), np.ones((9, 9), np.uint8)))
    drawn = np.kron(patches(0, 255), np.ones((9, 9), np.uint8))
    drawn[3, 3], drawn[8, 40], drawn[90, 90] = 3, 9, 250
    other = read(of(drawn), rule=rule)
    assert mask(other)[90, 90] == 1 and other.notices[0].code == "stray-values"


def test_names_that_a_set_brings_count_more_than_values() -> None:
    trained = read(of(patches(0, 1, 2), names={0: "sky", 1: "cat", 2: "dog"})).rule
    other = read(of(patches(0, 1, 2), names={0: "sky", 1: "dog", 2: "cat"}), rule=trained)
    assert other.column.spec.names == ("sky", "dog", "cat")


def test_a_class_is_ignored_by_its_name() -> None:
    rule = MaskRule("classes", ("sky", "road", "car"), (0, 3, 7, 9), (0, 1, 2, 255))
    assert ignoring(rule, "road").classes == (0, 255, 2, 255) and ignoring(rule, "nan") == rule
    with pytest.raises(ConfigError, match=r"no class is called 'rod'.*road"):
        ignoring(rule, "rod")
    assert read_otherwise(rule, rule) == ""
    kinds = read_otherwise(MaskRule("instances", ("object",), (0,), (0,)), rule)
    assert kinds.endswith("as instances (there: classes)")
