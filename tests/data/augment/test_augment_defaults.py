from __future__ import annotations

import pytest

from convscope.data.augment import Policy, default_policy

SIGNS = "classes named by digits or letters: no flips, since a mirrored sign is another one or none"
OBJECTS = "objects: mirrored left to right but kept upright (without an up, add vflip rot90)"


@pytest.mark.parametrize(
    "classes",
    [
        "0123456789",
        ["a", "b", "Q"],
        ["α", "β"],
        ["zero", "one", "two"],
        ["0 - zero", "1 - one"],
        ["digit_3", "digit_4"],
        ["10", "11", "42"],
    ],
)
def test_signs_are_not_flipped(classes):
    policy, reason = default_policy(classes, 1, 28, 28)
    assert str(policy) == "rotate=10 scale=0.1 shift=0.1"
    assert reason == SIGNS


@pytest.mark.parametrize(
    ("classes", "shape", "words"),
    [
        (["T-shirt", "Trouser", "Bag"], (1, 28, 28), "hflip shift=0.1"),
        (["airplane", "cat"], (3, 32, 32), "hflip shift=0.1"),
        (["lung_n", "lung_aca"], (3, 224, 224), "hflip scale=0.2 shift=0.1 brightness=0.2 contrast=0.2"),
        (["normal", "fracture"], (1, 128, 96), "hflip scale=0.2 shift=0.1"),
    ],
)
def test_objects_are_mirrored_and_kept_upright(classes, shape, words):
    policy, reason = default_policy(classes, *shape)
    assert str(policy) == words
    assert reason == OBJECTS


def test_the_defaults_are_presets_where_they_are_the_same():
    assert default_policy("0123456789", 1, 28, 28)[0] == Policy.parse("digits")
    assert default_policy(["ants", "bees"], 3, 128, 128)[0] == Policy.parse("natural")


def test_sides_are_not_mirrored():
    policy, reason = default_policy(["turn left", "turn right", "stop"], 3, 48, 48)
    assert str(policy) == "shift=0.1"
    assert reason == "a class name says 'left': not mirrored"


def test_one_object_among_signs_is_not_a_set_of_signs():
    assert default_policy(["0", "1", "background"], 1, 28, 28)[0].hflip
