"""Networks: gradients of the whole, modes, copies, files, messages."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from convscope import scratch
from convscope.errors import CheckpointError, ConfigError, ShapeError


def lesson_net(**options) -> scratch.Sequential:
    """D4's network."""
    return scratch.Sequential(
        scratch.Conv(1, 8, 5, stride=2, padding=2), scratch.LeakyReLU(0.01),
        scratch.Conv(8, 16, 5, stride=2, padding=2), scratch.LeakyReLU(0.01),
        scratch.Conv(16, 32, 5, stride=2), scratch.LeakyReLU(0.01), scratch.Flatten(),
        scratch.Linear(128, 64), scratch.LeakyReLU(0.01), scratch.Linear(64, 10), **options,
    )  # fmt: skip


def lesson_twin(net: scratch.Sequential) -> nn.Module:
    """The same in PyTorch, with the same weights."""
    twin = nn.Sequential(
        nn.Conv2d(1, 8, 5, 2, 2), nn.LeakyReLU(0.01), nn.Conv2d(8, 16, 5, 2, 2), nn.LeakyReLU(0.01),
        nn.Conv2d(16, 32, 5, 2), nn.LeakyReLU(0.01), nn.Flatten(), nn.Linear(128, 64), nn.LeakyReLU(0.01),
        nn.Linear(64, 10),
    ).double()  # fmt: skip
    for ours, theirs in zip(net.parameters().values(), twin.parameters(), strict=True):
        theirs.data = torch.tensor(ours)
    return twin


def batch(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((count, 1, 28, 28)), rng.integers(10, size=count)


def test_the_lesson_network_has_the_gradients_of_autograd_for_every_batch_size():
    net = lesson_net(dtype=np.float64)
    twin = lesson_twin(net)
    for count in (8, 3, 1, 8):  # the document's own gradients were wrong for every batch above 1
        x, y = batch(count, seed=count)
        value, gradient = scratch.cross_entropy(net.forward(x), y)
        back = net.backward(gradient)
        twin.zero_grad()
        given = torch.tensor(x, requires_grad=True)
        loss = nn.functional.cross_entropy(twin(given), torch.tensor(y))
        loss.backward()
        assert abs(value - loss.item()) < 1e-12
        assert np.allclose(back, given.grad.numpy(), rtol=1e-10, atol=1e-14)
        for ours, theirs in zip(net.gradients().values(), twin.parameters(), strict=True):
            assert np.allclose(ours, theirs.grad.numpy(), rtol=1e-10, atol=1e-13)


def test_the_lesson_network_has_the_shapes_of_the_document():
    net, shapes = lesson_net(), []
    x, _ = batch(8)
    for layer in net:
        x = layer.forward(x.astype(np.float32))
        shapes.append(x.shape)
    assert shapes[0] == (8, 8, 14, 14) and shapes[2] == (8, 16, 7, 7) and shapes[4] == (8, 32, 2, 2)
    assert shapes[6] == (8, 128) and shapes[-1] == (8, 10)


def test_all_weights_and_gradients_lie_in_two_flat_arrays():
    net = lesson_net()
    assert net.weights.size == net.gradient.size == 25_162
    net.weights[...] = 7
    assert all((array == 7).all() for array in net.parameters().values())
    net.gradient[...] = 3
    assert all((array == 3).all() for array in net.gradients().values())
    assert list(net.parameters())[:2] == ["0.kernel", "0.bias"]
    assert net[0].parameters["kernel"].shape == (8, 1, 5, 5)


def test_the_seed_decides_the_weights():
    assert (lesson_net(seed=3).weights == lesson_net(seed=3).weights).all()
    assert (lesson_net(seed=3).weights != lesson_net(seed=4).weights).any()


def test_an_output_stays_what_it_was_when_the_network_runs_again():
    net = lesson_net()
    first = net.forward(batch(2)[0])
    kept = first.copy()
    net.forward(batch(2, seed=1)[0])
    assert (first == kept).all()


def test_predict_equals_forward_in_evaluation_mode_and_restores_the_mode():
    net = scratch.Sequential(scratch.Flatten(), scratch.Linear(784, 4), scratch.BatchNorm(4), scratch.Dropout(0.5))
    x, _ = batch(10)
    predicted = net.predict(x, batch_size=4)
    assert net.training and all(layer.training for layer in net)
    assert np.allclose(predicted, net.eval().forward(x), atol=1e-5)
    assert not any(layer.training for layer in net)


def test_no_examples_give_no_scores():
    assert lesson_net().predict(np.zeros((0, 1, 28, 28))).shape == (0, 10)


def test_a_copy_is_a_network_of_its_own():
    net = lesson_net()
    other = copy.deepcopy(net)
    other.weights[...] = 0
    assert (other[0].parameters["kernel"] == 0).all() and net.weights.any()
    x, y = batch(2)
    scratch.cross_entropy(net.forward(x), y)
    assert np.allclose(net.astype(np.float64).forward(x), net.forward(x), atol=1e-5)
    assert net.astype(np.float64).forward(x).dtype == np.float64


def test_saving_and_loading_gives_the_same_network(tmp_path):
    net = scratch.Sequential(scratch.Conv(1, 2, 3), scratch.BatchNorm(2), seed=1)
    net.forward(batch(4)[0])  # moves the running averages
    net.save(tmp_path / "net.safetensors")
    other = scratch.Sequential(scratch.Conv(1, 2, 3), scratch.BatchNorm(2), seed=2).load(tmp_path / "net.safetensors")
    x, _ = batch(3, seed=5)
    assert (other.eval().forward(x) == net.eval().forward(x)).all()
    assert list(tmp_path.iterdir()) == [tmp_path / "net.safetensors"]  # nothing left beside it


def test_a_file_of_another_network_is_refused_with_all_differences(tmp_path):
    path = tmp_path / "net.safetensors"
    scratch.Sequential(scratch.Conv(1, 2, 3), scratch.Linear(2, 2)).save(path)
    net = scratch.Sequential(scratch.Conv(1, 4, 3, bias=False), scratch.Tanh(), scratch.Linear(2, 2))
    before = net.weights.copy()
    with pytest.raises(CheckpointError) as caught:
        net.load(path)
    assert str(caught.value) == (
        f"{path} does not fit this network:\n"
        "  0.bias: the file has it ((2,)), the network does not\n"
        "  0.kernel: the network has float32 (4, 1, 3, 3), the file float32 (2, 1, 3, 3)\n"
        "  1.bias: the file has it ((2,)), the network does not\n"
        "  1.weight: the file has it ((2, 2)), the network does not\n"
        "  2.bias: the network has it ((2,)), the file does not\n"
        "  2.weight: the network has it ((2, 2)), the file does not"
    )
    assert (net.weights == before).all()


def test_what_is_no_file_of_a_network(tmp_path):
    with pytest.raises(CheckpointError, match=r"there is no such file; expected one written by net\.save$"):
        lesson_net().load(tmp_path / "none.safetensors")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        lesson_net().load(tmp_path / "text")


def test_an_error_names_the_layer():
    with pytest.raises(ShapeError) as caught:
        lesson_net().forward(np.zeros((2, 3, 28, 28)))
    assert str(caught.value).startswith(
        "layer 0, Conv(1, 8, 5, stride=2, padding=2), was given (2, 3, 28, 28): "
        "correlate: x (2, 3, 28, 28) has 3 channels"
    )
    with pytest.raises(ShapeError, match=r"^layer 7, Linear\(128, 64\), was given \(2, 288\): linear: weight must be"):
        lesson_net().forward(np.zeros((2, 1, 36, 36)))


def test_a_gradient_that_belongs_to_no_output():
    net = lesson_net()
    with pytest.raises(ShapeError, match=r"^backward: grad must be .* found \(2, 10\); call forward first$"):
        net.backward(np.zeros((2, 10), np.float32))
    net.forward(batch(2)[0])
    with pytest.raises(ShapeError, match=r"found \(3, 10\); the last output is \(2, 10\)$"):
        net.backward(np.zeros((3, 10), np.float32))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (
            np.zeros((2, 1, 28, 28), np.uint8),
            "the network's input holds uint8; expected numbers such as x.astype(np.float32) / 255",
        ),
        (
            np.zeros(28),
            "the network's input must be (N, C, *space) or (N, F), found (28,); add axes with [None]",
        ),
    ],
)
def test_what_is_no_input(x, message):
    with pytest.raises(ShapeError) as caught:
        lesson_net().forward(x)
    assert str(caught.value) == message


def test_what_is_no_layer():
    with pytest.raises(ConfigError, match=r"^Sequential: number 1 is no layer but a str$"):
        scratch.Sequential(scratch.ReLU(), "relu")
    with pytest.raises(ConfigError, match=r"number 0 is no layer but a Sequential; hand over its layers with \*net$"):
        scratch.Sequential(lesson_net())
    shared = scratch.Linear(2, 2)
    with pytest.raises(ConfigError, match=r"^Sequential: Linear\(2, 2\) stands in the row twice"):
        scratch.Sequential(shared, shared)
