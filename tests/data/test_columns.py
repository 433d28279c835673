"""Examples of one size or of many, in memory: some rows, batch by batch, converted; and as a batch of tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from convscope.data import from_arrays
from convscope.data.augment import Policy
from convscope.data.columns import Converted, InMemory, Ragged, RaggedBatch, Selected
from convscope.data.dataset import Dataset
from convscope.data.decode.encoded import Unreadable
from convscope.data.listing import Target
from convscope.data.loader import Loader
from convscope.data.transforms import ImageTransform, SignalTransform, transform_from_dict
from convscope.errors import ConfigError, DataError

LENGTHS = [5, 3, 9, 1, 4, 7, 2, 8, 6, 5, 3, 4, 6, 2, 9, 7, 5, 8, 3, 6]


def signals(channels: int = 2) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(3, 2, (length, channels)).astype(np.float32) for length in LENGTHS]


@pytest.fixture
def made() -> Dataset:
    """Return 20 signals of several lengths, of which two numbers are learned."""
    return from_arrays(signals(), np.arange(40.0).reshape(20, 2))


@given(st.lists(st.integers(0, len(LENGTHS) - 1), max_size=30))
def test_a_ragged_column_gives_each_example_in_its_own_size(rows: list[int]):
    column, expected = Ragged.of("signal", signals()), signals()
    taken = column.take(np.array(rows, int))
    assert len(taken) == len(rows)
    assert all(np.array_equal(mine, expected[row]) for mine, row in zip(taken, rows, strict=True))
    (streamed,) = column.stream([np.array(rows, int)])
    assert np.array_equal(streamed.values, taken.values)


def test_examples_of_several_axes_are_padded_to_the_largest_along_each():
    batch = RaggedBatch.of([np.ones((2, 3)), np.full((4, 1), 2.0)])
    assert batch.padded(-1).tolist() == [
        [[1, 1, 1], [1, 1, 1], [-1, -1, -1], [-1, -1, -1]],
        [[2, -1, -1], [2, -1, -1], [2, -1, -1], [2, -1, -1]],
    ]
    assert batch.lengths.tolist() == [2, 4]


def test_some_rows_and_converted_values_are_columns_too():
    column = InMemory.of("image", np.arange(24, dtype=np.uint8).reshape(6, 2, 2, 1))
    some = Selected(column, np.array([5, 0, 2]))
    assert len(some) == 3 and some.take(np.array([1])).ravel().tolist() == [0, 1, 2, 3]
    doubled = Converted(some, some.spec, lambda values: values * 2)
    (batch,) = doubled.stream([np.array([0])])
    assert batch.ravel().tolist() == [40, 42, 44, 46] and len(doubled) == 3


def test_signals_are_standardised_and_padded_behind(made: Dataset):
    transform = made.preprocessing
    assert isinstance(transform, SignalTransform) and transform.input.shape == (2, None)
    loader = Loader(made.train, made.transforms, 4, seed=1)
    for batch in (*loader.epoch(0), *loader.sequential()):
        assert batch.lengths is not None and batch.x.shape == (len(batch), 2, int(batch.lengths.max()))
        for x, length, row in zip(batch.x, batch.lengths, batch.rows, strict=True):
            signal = (signals()[row] - np.float32(transform.mean)) / np.float32(transform.std)
            np.testing.assert_allclose(x[:, :length].T.numpy(), signal, rtol=1e-5, atol=1e-6)
            assert not x[:, length:].any()
        assert torch.equal(batch.targets[0], torch.arange(40.0, dtype=torch.float64).view(20, 2)[batch.rows])
    np.testing.assert_allclose(transform.undo(batch.x)[-1, : LENGTHS[row]], signals()[row], rtol=1e-5)
    every = np.concatenate([signals()[row] for row in made.train.rows])
    np.testing.assert_allclose(transform.mean, every.mean(0), rtol=1e-5)
    np.testing.assert_allclose(transform.std, every.std(0), rtol=1e-5)


def test_what_is_trained_on_is_what_the_task_makes_of_stored_targets(made: Dataset):
    loader = Loader(made.train, made.transforms, 4, encode=lambda stored: (stored / 10).astype(np.float32))
    (target,) = next(loader.epoch(3)).targets
    assert target.dtype == torch.float32 and float(target.max()) < 4


def test_augmentation_is_for_images(made: Dataset):
    with pytest.raises(ConfigError, match="augmentation hflip is not for signals"):
        Loader(made.train, made.transforms, 4, policy=Policy.parse("hflip"))


@pytest.mark.parametrize(
    ("example", "message"),
    [
        (np.zeros((4, 3)), r"has the shape \(4, 3\)"),
        (np.zeros((0, 2)), "has the shape"),
        (np.full((4, 2), np.nan), "not finite"),
    ],
)
def test_a_signal_that_does_not_fit_is_refused(made: Dataset, example: np.ndarray, message: str):
    with pytest.raises(Unreadable, match=message):
        made.preprocessing.store(example)
    values, note, _ = made.preprocessing.store(np.zeros((4, 2)))
    assert values.dtype == np.float32 and note == ""


def test_transforms_are_saved_as_plain_values(made: Dataset):
    assert transform_from_dict(made.preprocessing.to_dict()) == made.preprocessing
    image = ImageTransform(1, 2, 3, "crop", "uint8", (1.0,), (2.0,), (float("nan"),))
    assert "kind" not in image.to_dict()  # as in the files of earlier versions
    assert str(transform_from_dict(image.to_dict())) == str(image)
    with pytest.raises(ValueError, match="found 'smell'"):
        transform_from_dict({"kind": "smell"})


@pytest.mark.parametrize("channels", [1, 3])
def test_a_module_does_within_a_network_what_the_transform_does_outside(channels: int):
    raw = np.random.default_rng(0).integers(0, 256, (4, 5, 6, channels)).astype(np.uint8)
    image = ImageTransform(channels, 5, 6, "crop", "uint8", (9.0,) * channels, (3.0,) * channels)
    inside = image.module()(torch.from_numpy(raw).permute(0, 3, 1, 2))
    assert torch.equal(inside, image.tensor(raw)) and np.array_equal(image.undo(inside), raw)
    signal = SignalTransform(channels, 6, (9.0,) * channels, (3.0,) * channels)
    x = raw[:, 0].astype(np.float32)
    torch.testing.assert_close(signal.module()(torch.from_numpy(x).transpose(1, 2)), signal.tensor(x))


@pytest.mark.parametrize(
    ("targets", "kind", "names"),
    [
        (["bee", "ant"] * 10, "class", ("ant", "bee")),
        (np.arange(20) % 2, "class", ("0", "1")),
        (np.arange(20) / 2, "number", ("number",)),
        (np.arange(60.0).reshape(20, 3), "number", ("number 1", "number 2", "number 3")),
        (np.arange(80).reshape(20, 2, 2), "points", ("0", "1")),
        (np.arange(60).reshape(20, 3) % 4 % 2, "labels", ("label 1", "label 2", "label 3")),
        ((np.arange(60).reshape(20, 3) % 4 % 2).astype(float), "labels", ("label 1", "label 2", "label 3")),
        ([["bee", "ant"], [], ["ant"], ["fly"]] * 5, "labels", ("ant", "bee", "fly")),
        (Target("number", np.zeros((20, 1)), ("age",), ("years",)), "number", ("age",)),
    ],
)
def test_targets_are_taken_for_what_they_are(targets, kind: str, names: tuple[str, ...]):
    data = from_arrays(
        np.zeros((20, 4, 4, 1), np.uint8), targets, groups=["g", "h", "i", "j"] * 5 if kind != "class" else None
    )
    (spec,) = (data.columns[name].spec for name in data.targets)
    assert (spec.kind, spec.names) == ({"labels": "multilabel"}.get(kind, kind), names)
    assert sorted(np.concatenate([split.rows for split in data.splits])) == list(range(20))
    for split in data.splits:
        assert split.target.shape == (len(split), *spec.shape)
        data._repr_html_(), split._repr_html_(), split[0]
    if kind != "class":
        with pytest.raises(AttributeError, match="has no classes"):
            data.classes  # noqa: B018
        by_split = [set(split.groups) for split in data.splits]
        assert sum(map(len, by_split)) == 4  # no group in two splits


def test_the_same_arrays_are_the_same_set_and_others_are_not():
    x, y = np.arange(20 * 16, dtype=np.float32).reshape(20, 4, 4, 1), np.arange(20.0)
    same = {from_arrays(x, y).fingerprint for _ in range(2)}
    assert len(same) == 1
    assert not same & {
        from_arrays(x + 1, y).fingerprint,
        from_arrays(x, y + 1).fingerprint,
        from_arrays(x, y, seed=1).fingerprint,
    }


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        (np.zeros((3, 4)), np.zeros(3), "expected examples"),
        (np.zeros((3, 4, 4, 1)), np.zeros(4), "3 examples of 'image', but 4 targets"),
        (np.zeros((3, 4, 4, 1)), np.zeros((3, 2, 3)), "points"),
        ([np.zeros((3, 4)), np.zeros((3, 4, 4))], np.zeros(2), "expected examples"),
        (
            np.where(np.arange(48).reshape(3, 4, 4, 1) == 21, np.nan, 1.0),
            np.arange(3.0),
            r"example 1 is nan at \(1, 1, 0\)",
        ),
        (np.zeros((3, 3, 8, 8)), np.arange(3.0), r"shape \(3, 8, 8\): its channels seem to stand first"),
        (np.zeros((3, 4, 4, 1)), np.array([1, 2, 1e300]), r"beyond .*example 2: number 1e\+300"),
        (np.zeros((3, 4, 4, 1)), np.array([1, np.nan, 2]), "no number in example 1"),
        (np.zeros((3, 4, 4, 1)), np.full(3, 2.5), "number is 2.5 in all 3"),
        (np.zeros((3, 4, 4, 1)), np.eye(3), r"exactly one 1: for classes give .*y\.argmax\(1\)"),
        (np.zeros((3, 4, 4, 1)), [[1, 2], [1], [3]], "targets have different lengths"),
        (np.zeros((3, 4, 4, 1)), [None, None, None], "found object"),
        (np.zeros((3, 4, 4, 1)), np.linspace(0, 1, 12).reshape(3, 2, 2), "fractions of the image"),
    ],
)
def test_what_is_no_set_is_refused(inputs, targets, message: str):
    with pytest.raises(DataError, match=message):
        from_arrays(inputs, targets)


def test_grey_images_need_no_axis_of_channels():
    grey = np.arange(20 * 16, dtype=np.uint8).reshape(20, 4, 4)
    data = from_arrays(grey, np.arange(20.0))
    assert data.everything.input.spec.kind == "image"
    assert data.everything.input.spec.shape == (4, 4, 1)
    assert from_arrays(grey.astype(float), np.arange(20.0)).everything.input.spec.kind == "signal"


@pytest.mark.parametrize(("name", "shape"), [("image", (20, 4, 5)), ("signal", (20, 6))])
def test_what_is_named_needs_no_axis_of_one_channel(name: str, shape: tuple[int, ...]):
    x, y = np.random.default_rng(0).random(shape), np.arange(20.0)
    data, whole = from_arrays({name: x}, y), from_arrays({name: x[..., None]}, y)
    assert data.everything.input.spec == whole.everything.input.spec
    assert (data.everything.input.spec.kind, data.everything.input.spec.shape) == (name, (*shape[1:], 1))
    assert data.fingerprint == whole.fingerprint == from_arrays({name: list(x)}, y).fingerprint
    with pytest.raises(DataError, match=rf"expected {name}s \(.*found \(\)"):
        from_arrays({name: y}, y)
