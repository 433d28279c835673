"""One image of a split, some of them, all in turn; and how sets show themselves."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from convscope.data.dataset import Data, Example, Split
from convscope.data.loading import load


def test_an_example_is_the_image_its_class_and_its_name(digits: Data):
    split = digits.train
    image, label, name = split[3]
    assert np.array_equal(image, split.input.take(np.array([3]))[0])
    assert (label, name) == (digits.classes[split.labels[3]], split.ids[3])
    assert split[-1].id == split.ids[-1] and split[np.int64(3)].id == name
    assert repr(split[3]) == f"<{name}: {label}, 8 × 8 × 1 uint8>"


@pytest.mark.parametrize("at", [slice(2, 9, 3), [2, 5, 8], np.array([2, 5, 8]), slice(-3, None), [], slice(0, 0)])
def test_some_examples_are_a_smaller_split(digits: Data, at: object):
    some = digits.train[at]
    assert isinstance(some, Split) and some.name == "train"
    wanted = np.arange(len(digits.train))[np.asarray(at, int) if isinstance(at, list) else at]
    assert [example.id for example in some] == [digits.train.ids[i] for i in wanted]
    assert np.array_equal(some.images(), digits.train.images()[wanted])


def test_a_mask_picks_a_class_and_a_loop_meets_every_example(digits: Data):
    threes = digits.valid[digits.valid.labels == 3]
    assert len(threes) and {label for _, label, _ in threes} == {"3"}
    assert sum(isinstance(example, Example) for example in digits.valid) == len(digits.valid)


@pytest.mark.parametrize(
    ("at", "error", "message"),
    [
        (1797, IndexError, r"has 1,294 images.*no 1,797"),
        (-1797, IndexError, "no -1,797"),
        ("3", TypeError, "expected a position, a slice"),
        (True, TypeError, "found True"),
        ([0.5], TypeError, r"found \[0.5\]"),
    ],
)
def test_what_is_no_position_is_refused(digits: Data, at: object, error: type[Exception], message: str):
    with pytest.raises(error, match=message.replace("1,294", f"{len(digits.train):,}")):
        digits.train[at]


@pytest.mark.parametrize(
    ("shape", "dtype"), [((8, 8, 1), "uint8"), ((5, 9, 2), "uint16"), ((300, 200, 3), "uint8"), ((4, 4, 5), "float32")]
)
def test_an_example_is_shown_as_a_picture(shape: tuple[int, int, int], dtype: str):
    image = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    picture = Image.open(io.BytesIO(Example(image, "a", "1")._repr_png_()))
    assert picture.mode == "RGB" and picture.height >= shape[0] and max(picture.size) >= 120
    assert picture.height * shape[1] == picture.width * shape[0]  # as many times as high as wide


def test_sets_show_themselves_in_a_line_and_in_a_small_page(digits: Data):
    told = replace(digits, name="<b>", facts={"images": "1 < 2"})
    assert repr(told) == f"<data <b>: 10 classes; train {len(digits.train):,}, valid 180, test 359>"
    for shown, inside in ((told, "1 &lt; 2"), (told.train, "10 classes"), (told.test, "359")):
        page = shown._repr_html_()
        assert inside in page and "<b>:" not in page and page.count("<img") == 8 and len(page) < 20_000
    assert len(repr(told.train)) < 80


def test_what_a_split_holds_is_taken_from_the_set_once():
    """A split table of n examples asks n times: were it taken anew each time, writing it would cost n * n."""
    train = load("digits").train
    assert train.content is train.content
    assert train.placements is train.placements
    assert train.target is train.target
