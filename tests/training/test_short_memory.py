"""A step that does not fit into memory is taken in parts, with the gradient of the whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from fitted import Kept, run, same, settings
from torch import Tensor, nn

from convscope.data.dataset import Data
from convscope.errors import Error
from convscope.events import Observer


class Narrow(nn.Sequential):
    """A network for whose training no more than ``most`` images fit into memory: it notices after its first layer."""

    most = 64

    def forward(self, x: Tensor) -> Tensor:
        for layer in self:
            x = layer(x)
            if self.training and len(x) > self.most and layer is self[1]:
                raise self.error
        return x

    error: Exception = RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory")


def net(most: int, *layers: nn.Module, error: Exception | None = None) -> Narrow:
    torch.manual_seed(0)
    made = Narrow(nn.Flatten(), *(layers or (nn.Identity(),)), nn.Linear(64, 10))
    made.most, made.error = most, error or made.error
    return made


ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
    MemoryError(),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9999 bytes."),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_the_gradient_is_that_of_the_whole(digits: Data, error: Exception) -> None:
    notices: list[str] = []
    whole, _ = run(digits, settings(), net=net(64))
    parts, outcome = run(digits, settings(), net=net(20, error=error), listener=Observer(on_notice=notices.append))
    assert outcome is not None and parts.state is not None
    assert notices == outcome.notices
    assert [text.split(";")[0] for text in notices] == [
        "a step of 64 images did not fit into memory (step 1 of the run)"
    ] * 2
    assert "taken in 4 parts, with the gradient of the whole" in notices[1] and "batch norm" not in notices[1]
    assert parts.state.facts["parts"] == 4
    for name, value in whole.weights.items():
        torch.testing.assert_close(parts.weights[name], value, rtol=1e-3, atol=1e-4)


def test_parts_of_unequal_size_and_mixed_images(digits: Data) -> None:
    plan = settings(batch_size=50, augment="mixup=0.2", clip_grad=0.5, ema=0.9)
    whole, one = run(digits, plan, net=net(64))
    parts, many = run(digits, plan, net=net(13))
    for name, value in whole.weights.items():
        torch.testing.assert_close(parts.weights[name], value, rtol=1e-3, atol=1e-4)
    assert one is not None and many is not None
    assert many.history.epochs[-1]["train_loss"] == pytest.approx(one.history.epochs[-1]["train_loss"], rel=1e-3)


def test_what_the_failed_step_did_is_undone_and_a_resumed_run_takes_the_same_parts(digits: Data) -> None:
    def normed(most: int) -> nn.Module:
        return net(most, nn.BatchNorm1d(64), nn.Dropout(0.3))

    notices: list[str] = []
    whole, _ = run(digits, settings(), net=normed(40), listener=Observer(on_notice=notices.append))
    assert notices[0].endswith("except that batch norm count over one part at a time")
    assert whole.state is not None
    assert int(whole.state.tensors["model.1.num_batches_tracked"]) == 3 * 20 * 2
    taken = 0

    def stop(*_: object) -> None:
        nonlocal taken
        taken += 1
        if taken == 25:
            os.kill(os.getpid(), signal.SIGINT)

    cut, none = run(digits, settings(), net=normed(40), listener=Observer(on_step=stop))
    assert none is None
    resumed, _ = run(digits, settings(), net=normed(64), start=cut.state)  # now there is room, and still
    assert resumed.state is not None
    assert same(whole.state.tensors, resumed.state.tensors) and same(whole.weights, resumed.weights)


def test_where_not_one_image_fits_it_is_explained(digits: Data) -> None:
    notices: list[str] = []
    kept = Kept()
    with pytest.raises(Error, match=r"not even one image of 1 x 8 x 8 .* fits into memory .*--img-size"):
        run(digits, settings(), net=net(0), listener=Observer(on_notice=notices.append), kept=kept)
    assert [text.split("taken in ")[1].split(",")[0] for text in notices] == [f"{2**n} parts" for n in range(1, 7)]
    assert kept.state is not None and (kept.state.epoch, kept.state.step) == (0, 0)


def test_any_other_error_is_raised_as_it_is(digits: Data) -> None:
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        run(digits, settings(), net=net(9, error=RuntimeError("mat1 and mat2 shapes cannot be multiplied")))


LIMITED = """
import resource, sys
import numpy as np, torch
sys.path[:0] = {paths!r}
from conftest import as_data
from fitted import run, settings
from convscope.events import Observer

torch.set_num_threads(1)
rng = np.random.default_rng(0)
data = as_data(rng.integers(0, 255, (320, 32, 32, 1), dtype=np.uint8), rng.integers(0, 2, 320), ("a", "b"))
net = torch.nn.Sequential(
    torch.nn.Conv2d(1, 64, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(64, 64, 3, padding=1), torch.nn.ReLU(),
    torch.nn.Flatten(), torch.nn.Linear(65536, 2),
)
run(data, settings(epochs=1, batch_size=2), net=net)  # libraries and threads take their memory first
now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + 150 * 2**20,) * 2)
_, outcome = run(data, settings(epochs=1, batch_size=256), net=net, listener=Observer(on_notice=print))
assert outcome is not None and len(outcome.history.epochs) == 1
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is read from and set by Linux")
def test_a_real_limit_of_memory() -> None:
    here = Path(__file__).parent
    code = LIMITED.format(paths=[str(here), str(here.parent)])
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "did not fit into memory" in ended.stdout
