"""Training steps on a device other than the processor: PyTorch's ``meta`` device, which knows shapes and types and
computes nothing, under a watch that refuses operands on different devices, as a GPU does."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from convscope.data.augment import Policy
from convscope.data.dataset import Data
from convscope.data.loader import Loader, Normaliser
from convscope.models import create
from convscope.tasks.classification.objective import CrossEntropy
from convscope.training import state
from convscope.training.accelerate import accelerated, in_order
from convscope.training.out_of_memory import split
from convscope.training.plan import make_plan
from convscope.training.state import TrainerState
from convscope.training.steps.supervised import Supervised

DEVICE = "meta"


class OneDevice(TorchDispatchMode):
    """Refuses operations whose operands lie on different devices, single numbers and copies aside."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        operands = [each for each in tree_leaves((args, kwargs)) if isinstance(each, Tensor) and each.ndim]
        devices = {each.device.type for each in operands}
        if len(devices) > 1 and func is not torch.ops.aten.copy_.default:
            raise RuntimeError(f"{func} has operands on {' and '.join(sorted(devices))}")
        return func(*args, **(kwargs or {}))


@pytest.fixture(autouse=True)
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[torch.device]:
    """Let what is fetched from the device, to be saved, be zeros: there is nothing on it."""
    devices: list[torch.device] = []

    def fetch(value: Tensor) -> Tensor:
        devices.append(value.device)
        return torch.zeros(value.shape, dtype=value.dtype)

    monkeypatch.setattr(state, "copied", fetch)
    return devices


@pytest.mark.filterwarnings("ignore:.*copying from a non-meta parameter")  # it holds nothing to copy onto
@pytest.mark.parametrize(
    ("model", "settings"),
    [
        ("tiny", {}),
        ("tiny", {"channels_last": False, "rewrite": False}),
        ("tiny", {"ema": 0.9, "clip_grad": 1.0}),
        ("tiny", {"augment": "shift=0.1 rotate=10 noise=0.1 mixup=0.2"}),
        ("tiny", {"augment": "hflip crop=0.1 cutout=0.2 elastic=0.05 blur=1 cutmix=0.5"}),
        ("tiny", {"augment": "rot90 brightness=0.1 contrast=0.1 shift=0.1"}),
        ("resnet_mini", {}),
        ("densenet_mini", {}),
        ("mobilenet_v2", {}),
    ],
)
def test_batches_steps_and_answers_stay_on_the_device(
    digits: Data, fetched: list[torch.device], model: str, settings: dict[str, object]
) -> None:
    usual = {"epochs": 2, "batch_size": 64, "lr": 0.01, "channels_last": True, "augment": "none", "device": DEVICE}
    plan = make_plan({"model": model, **usual, **settings})
    rule, policy = digits.preprocessing, Policy.parse(plan.augment)
    with OneDevice():
        normalise = Normaliser(rule, device=DEVICE, channels_last=bool(plan.channels_last))
        batches = Loader(digits.train, normalise, 64, policy=None if str(policy) == "none" else policy)
        net = create(model, classes=10, channels=rule.channels, size=(rule.height, rule.width))
        net = in_order(net.to(DEVICE), plan)
        objective = CrossEntropy(10, 0.1, torch.ones(10, device=DEVICE))
        step = Supervised(net, plan, objective, print)
        run = TrainerState(step, plan, None)
        step.running = accelerated(net, plan, (64, rule.channels, rule.height, rule.width))
        for batch in (next(batches.epoch(0)), *split(next(batches.epoch(1)), 2)):
            logged = step.take(batch, 0.1, run.taken)
            assert logged.device.type == DEVICE
            assert all(p.grad is None or p.grad.device.type == DEVICE for p in net.parameters())
            run.enter_step(logged)
        run.rewind()  # from what lies in the processor's memory
        for batch in Loader(digits.valid, normalise, 128).sequential():
            measured = objective(step.evaluated()(batch.x), batch)
            assert {value.device.type for value in measured if isinstance(value, Tensor)} == {DEVICE}
    assert {device.type for device in fetched} == {DEVICE}


def test_operands_on_two_devices_are_refused() -> None:
    with OneDevice(), pytest.raises(RuntimeError, match="operands on cpu and meta"):
        torch.ones(3, device=DEVICE).sub_(torch.ones(3))
