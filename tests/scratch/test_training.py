"""``fit`` is reproducible, learns the documents' tasks, and says what is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from convscope import scratch
from convscope.data.loading import load
from convscope.data.synthetic import make
from convscope.errors import ConfigError, Error, ShapeError
from real_data import real_data


def lesson_like() -> scratch.Sequential:
    return scratch.Sequential(
        scratch.Conv(1, 4, 5, stride=2, padding=2),
        scratch.LeakyReLU(),
        scratch.Flatten(),
        scratch.Linear(784, 10),
    )


def random_set(count: int = 50) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.random((count, 1, 28, 28)), rng.integers(10, size=count)


def test_the_same_seed_trains_the_same_network_and_another_one_another():
    x, y = random_set()

    def trained(seed: int) -> np.ndarray:
        net = lesson_like()
        scratch.fit(
            net, x, y, loss=scratch.cross_entropy, optimiser=scratch.SGD(0.1), epochs=2, batch_size=16, seed=seed
        )
        return net.weights

    assert (trained(0) == trained(0)).all()
    assert (trained(0) != trained(1)).any()


def test_every_epoch_sees_every_example_once_in_an_order_of_its_own():
    first, second = (np.concatenate(list(scratch.batches(50, 16, seed=0, epoch=epoch))) for epoch in (1, 2))
    assert sorted(first) == sorted(second) == list(range(50)) and (first != second).any()


def test_fit_is_the_bare_loop():
    x, y = random_set()
    net, bare = lesson_like(), lesson_like()
    history = scratch.fit(
        net,
        x,
        y,
        loss=scratch.cross_entropy,
        optimiser=scratch.SGD(0.1, momentum=0.9),
        epochs=2,
        batch_size=16,
        clip=1.0,
    )
    optimiser = scratch.SGD(0.1, momentum=0.9)
    for epoch in (1, 2):
        for rows in scratch.batches(50, 16, 0, epoch):
            _, gradient = scratch.cross_entropy(bare.forward(x[rows]), y[rows])
            bare.backward(gradient)
            scratch.clip_gradients(bare, 1.0)
            optimiser.step(bare)
    assert (net.weights == bare.weights).all()
    assert [step.step for step in history.steps] == [1, 2, 3, 4] * 2  # 16, 16, 16 and the last 2
    assert all(step.gradient_norm for step in history.steps)


def test_history_and_progress_tell_the_same():
    x, y = random_set()
    told = []
    net = lesson_like().eval()
    history = scratch.fit(
        net, x, y, loss=scratch.cross_entropy, optimiser=scratch.SGD(0.1), epochs=2, batch_size=25, valid=(x, y),
        progress=told.append,
    )  # fmt: skip
    assert told == [*history.steps[:2], history.epochs[0], *history.steps[2:], history.epochs[1]]
    last = history.epochs[-1]
    assert (last.valid_loss, last.valid_accuracy) == scratch.evaluate(net, x, y, loss=scratch.cross_entropy)
    assert last.loss < history.epochs[0].loss
    assert history.steps[0].gradient_norm is None
    assert not net.training  # as it was before


def failing(**changes):
    x, y = random_set(4)
    settings = {"loss": scratch.cross_entropy, "optimiser": scratch.SGD(0.1), "epochs": 1, "batch_size": 2}
    x, y = changes.pop("x", x), changes.pop("y", y)
    return scratch.fit(lesson_like(), x, y, **{**settings, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "fit: epochs must be at least 1, found 0"),
        ({"batch_size": 0}, "fit: batch_size must be at least 1, found 0"),
        ({"clip": 0.0}, "fit: clip must be above 0, found 0.0; leave it out to clip nothing"),
        (
            {"y": np.zeros(3, int)},
            "fit: x and y must hold one target for each example, and at least one; found (4, 1, 28, 28) and (3,)",
        ),
        (
            {"valid": (np.zeros((0, 1)), np.zeros(0))},
            "fit: valid must hold one target for each example, and at least one; found (0, 1) and (0,)",
        ),
    ],
)
def test_settings_of_fit(changes, message):
    with pytest.raises(ConfigError) as caught:
        failing(**changes)
    assert str(caught.value) == message


def test_a_label_out_of_range_is_named():
    with pytest.raises(ShapeError, match="12"):
        failing(y=np.array([1, 2, 3, 12]), batch_size=4)


def test_a_loss_that_is_no_number_stops_the_training():
    with pytest.raises(Error) as caught, np.errstate(all="ignore"):
        failing(optimiser=scratch.SGD(1e30), epochs=5)
    assert str(caught.value) == (
        "fit: the loss became nan at epoch 1, step 2, with lr=1e+30; try lr=1e+29, or clip the gradient with clip=1.0, "
        "and inputs scaled to about -1..1"
    )
    with pytest.raises(Error, match="the examples of this batch hold NaN or infinite numbers"):
        failing(x=np.full((4, 1, 28, 28), np.nan))


def test_a_training_that_stops_gives_the_mode_back():
    net = scratch.Sequential(scratch.Linear(1, 1)).eval()
    with pytest.raises(Error, match="the loss became"):
        scratch.fit(
            net, np.full((2, 1), np.inf), np.zeros((2, 1)), loss=scratch.squared_error, optimiser=scratch.SGD(0.1),
            epochs=1, batch_size=2,
        )  # fmt: skip
    assert not net.training


def test_it_learns_the_edge_kernel_from_one_pair_of_images():
    """D2: 6×8 ones with columns 2..5 zero; kernel (1, -1); squared error, lr 3e-2, 10 epochs."""
    x = np.ones((1, 1, 6, 8))
    x[:, :, :, 2:6] = 0
    y = x[..., :-1] - x[..., 1:]
    net = scratch.Sequential(scratch.Conv(1, 1, (1, 2), bias=False))
    scratch.fit(net, x, y, loss=scratch.squared_error, optimiser=scratch.SGD(3e-2), epochs=10, batch_size=1)
    assert np.allclose(net[0].parameters["kernel"].ravel(), (1, -1), atol=0.05)


def test_it_finds_angles_with_a_single_kernel():
    """D1: one 11×11 convolution, its largest response, one weight."""
    pixels, labels, _, split = make("angles")
    train = split == "train"
    x, y = pixels.transpose(0, 3, 1, 2).astype(np.float32), labels[:, None]
    x = (x - x[train].mean()) / x[train].std()
    net = scratch.Sequential(scratch.Conv(1, 1, 11), scratch.GlobalMaxPool(), scratch.Linear(1, 1))
    net[2].parameters["weight"][...] = 1
    history = scratch.fit(
        net, x[train], y[train], loss=scratch.binary_cross_entropy, optimiser=scratch.Adam(0.01), epochs=8,
        batch_size=32, valid=(x[~train], y[~train]),
    )  # fmt: skip
    assert history.epochs[-1].valid_accuracy >= 0.99


def test_it_reads_digits(tmp_path):
    """D4's network on a slice of MNIST: 6,000 images, one epoch."""
    data = load(real_data("mnist"), cache=tmp_path)
    x = data.train.images(slice(7_000)).astype(np.float32) / 255
    y = data.train.labels[:7_000]
    net = scratch.Sequential(
        scratch.Conv(1, 8, 5, stride=2, padding=2), scratch.LeakyReLU(0.01),
        scratch.Conv(8, 16, 5, stride=2, padding=2), scratch.LeakyReLU(0.01),
        scratch.Conv(16, 32, 5, stride=2), scratch.LeakyReLU(0.01), scratch.Flatten(),
        scratch.Linear(128, 64), scratch.LeakyReLU(0.01), scratch.Linear(64, 10),
    )  # fmt: skip
    history = scratch.fit(
        net, x[:6_000], y[:6_000], loss=scratch.cross_entropy, optimiser=scratch.SGD(0.05), epochs=1, batch_size=8,
        valid=(x[6_000:], y[6_000:]),
    )  # fmt: skip
    assert history.epochs[-1].valid_accuracy > 0.9
