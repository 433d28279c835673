"""What networks, layers and trainings refuse, word for word, before anything has gone wrong."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from convscope import scratch
from convscope.errors import CheckpointError, ConfigError, Error

X, Y = np.ones((4, 2)), np.array([0, 1, 1, 0])


def linear_net(**options) -> scratch.Sequential:
    return scratch.Sequential(scratch.Linear(2, 2), **options)


def fit(**changes) -> scratch.History:
    settings = {"loss": scratch.cross_entropy, "optimiser": scratch.SGD(0.1), "epochs": 1, "batch_size": 2}
    return scratch.fit(linear_net(), X, Y, **{**settings, **changes})


def evaluate(x, y, **changes):
    return scratch.evaluate(linear_net(), x, y, loss=scratch.cross_entropy, **changes)


def gradcheck(x, y, **changes):
    return scratch.gradcheck(linear_net(), x, y, scratch.cross_entropy, **changes)


def test_arrays_of_a_network_are_written_into_and_not_replaced():
    net = linear_net()
    for name in ("parameters", "gradients"):
        with pytest.raises(TypeError, match="does not support item assignment"):
            getattr(net[0], name)["weight"] = np.zeros((2, 2))
    for name in ("weights", "gradient"):
        with pytest.raises(AttributeError) as caught:
            setattr(net, name, np.zeros(6))
        assert str(caught.value) == (f"Sequential: {name} cannot be replaced; write into it: net.{name}[...] = values")
    net[0].parameters["weight"][...] = 3
    net[0].gradients["bias"][...] = 1
    net.weights -= net.gradient  # in place
    assert net.weights.tolist() == [3, 3, 3, 3, -1, -1]
    assert (net[0].parameters["weight"] == 3).all() and (net[0].parameters["bias"] == -1).all()


@pytest.mark.parametrize("again", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_copy_has_its_own_arrays_that_hang_together(again):
    net = linear_net()
    other = again(net)
    assert (other.weights == net.weights).all()
    other.weights[...] = 5
    other.gradient[...] = 2
    assert (other[0].parameters["weight"] == 5).all() and (other[0].gradients["bias"] == 2).all()
    assert (net.weights != 5).all()


@pytest.mark.parametrize("norm", [0, -1.0, np.nan])
def test_a_length_to_clip_to(norm):
    with pytest.raises(ConfigError) as caught:
        scratch.clip_gradients(linear_net(), norm)
    assert str(caught.value) == f"clip_gradients: norm must be above 0, found {norm}"


@pytest.mark.parametrize("make", [lambda: scratch.SGD(0.1), scratch.Adam])
def test_an_optimiser_knows_its_network_from_one_of_the_same_size(make):
    net, optimiser = linear_net(), make()
    optimiser.step(net)
    optimiser.step(net)
    name = type(optimiser).__name__
    for other in (linear_net(), copy.deepcopy(net)):
        before = other.weights.copy()
        with pytest.raises(ConfigError) as caught:
            optimiser.step(other)
        assert str(caught.value) == (
            f"{name}: has made steps for another network, of 6 float32 weights, and this one has 6 float32; "
            "make a new optimiser for each network"
        )
        assert (other.weights == before).all()


@pytest.mark.parametrize("again", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
def test_a_copied_optimiser_goes_on_with_a_copied_network(again):
    net, optimiser = linear_net(), scratch.Adam()
    net.gradient[...] = 1
    optimiser.step(net)
    other, copied = again((net, optimiser))
    other.gradient[...] = net.gradient[...] = 2
    optimiser.step(net)
    copied.step(other)
    assert (net.weights == other.weights).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: scratch.Conv(0, 2, 3), "Conv: inputs must be at least 1, found 0"),
        (lambda: scratch.Conv(1, 2.5, 3), "Conv: outputs must be a whole number, found 2.5"),
        (lambda: scratch.Conv(4, 2, 3, groups=0), "Conv: groups must be at least 1, found 0"),
        (
            lambda: scratch.Conv(4, 6, 3, groups=3),
            "Conv: groups must divide inputs and outputs, found 3 for 4 and 6",
        ),
        (lambda: scratch.Conv(1, 2, 0), "Conv: size must be at least 1, found 0"),
        (lambda: scratch.Conv(1, 2, (3,) * 4), "Conv: size must have 1 to 3 axes, found (3, 3, 3, 3)"),
        (lambda: scratch.Conv(1, 2, 3, stride=0), "Conv: stride must be at least 1, found 0"),
        (
            lambda: scratch.Conv(1, 2, 3, dilation=1.5),
            "Conv: dilation must be one whole number or 2 of them (height and width), found 1.5",
        ),
        (
            lambda: scratch.ConvTranspose(1, 2, (3,), stride=(2, 2)),
            "ConvTranspose: stride must be one whole number or 1 of them (length), found (2, 2)",
        ),
        (
            lambda: scratch.ConvTranspose(2, 3, 3, groups=2),
            "ConvTranspose: groups must divide inputs and outputs, found 2 for 2 and 3",
        ),
        (lambda: scratch.Linear(2, -1), "Linear: outputs must be at least 1, found -1"),
        (lambda: scratch.Linear(True, 1), "Linear: inputs must be a whole number, found True"),
        (lambda: scratch.BatchNorm(0), "BatchNorm: channels must be at least 1, found 0"),
        (lambda: scratch.BatchNorm(2, eps=0), "BatchNorm: eps must be above 0, found 0"),
        (lambda: scratch.BatchNorm(2, momentum=1.5), "BatchNorm: momentum must be from 0 to 1, found 1.5"),
        (lambda: linear_net(dtype="float16"), "Sequential: dtype must be float32 or float64, found 'float16'"),
        (lambda: linear_net(dtype="real"), "Sequential: dtype must be float32 or float64, found 'real'"),
        (lambda: linear_net().astype("int64"), "Sequential: dtype must be float32 or float64, found 'int64'"),
        (
            lambda: linear_net(initialise="he"),
            "Sequential: initialise must be a function such as scratch.he_normal, found 'he'",
        ),
        (lambda: linear_net().predict(X, batch_size=0), "predict: batch_size must be at least 1, found 0"),
        (lambda: fit(epochs=1.5), "fit: epochs must be a whole number, found 1.5"),
        (lambda: fit(batch_size="2"), "fit: batch_size must be a whole number, found '2'"),
        (
            lambda: fit(optimiser=scratch.Adam),
            "fit: optimiser must be one such as scratch.SGD(0.1), found the class; make one of it: Adam(lr)",
        ),
        (lambda: fit(optimiser="sgd"), "fit: optimiser must be one such as scratch.SGD(0.1), found 'sgd'"),
        (lambda: fit(loss="mse"), "fit: loss must be a scratch.Loss such as scratch.cross_entropy, found 'mse'"),
        (lambda: fit(valid=X), "fit: valid must be a pair (x, y), found ndarray"),
        (lambda: fit(valid=5), "fit: valid must be a pair (x, y), found int"),
        (lambda: evaluate(X, Y, batch_size=0), "evaluate: batch_size must be at least 1, found 0"),
        (
            lambda: evaluate(X[:0], Y[:0]),
            "evaluate: x and y must hold one target for each example, and at least one; found (0, 2) and (0,)",
        ),
        (
            lambda: gradcheck(X[:0], Y[:0]),
            "gradcheck: x and y must hold one target for each example, and at least one; found (0, 2) and (0,)",
        ),
        (lambda: gradcheck(X, Y, most=0), "gradcheck: most must be at least 1, found 0"),
    ],
)
def test_settings_that_make_no_sense(make, message):
    with pytest.raises(Error) as caught:
        make()
    assert isinstance(caught.value, ValueError) and str(caught.value) == message


def test_lists_are_as_good_as_arrays():
    x, y = X.tolist(), Y.tolist()
    listed = scratch.fit(
        linear_net(), x, y, loss=scratch.cross_entropy, optimiser=scratch.SGD(0.1), epochs=1, batch_size=2,
        valid=(x, y),
    )  # fmt: skip
    assert [step.loss for step in listed.steps] == [step.loss for step in fit().steps]
    assert evaluate(x, y) == evaluate(X, Y)
    assert gradcheck(x, y) == gradcheck(X, Y)


def test_a_place_where_no_file_can_be_written(tmp_path):
    path = tmp_path / "none" / "net.safetensors"
    with pytest.raises(CheckpointError) as caught:
        linear_net().save(path)
    assert str(caught.value) == f"{path}: there is no folder {path.parent}; make it first, or save elsewhere"
    with pytest.raises(CheckpointError) as caught:
        linear_net().save(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: this is a folder; name a file in it, such as {tmp_path / 'net.safetensors'}"
    )
    assert not list(tmp_path.iterdir())
