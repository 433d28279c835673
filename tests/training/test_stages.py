"""Trainings in stages: what stands still, what is computed once, and how they are resumed."""

from __future__ import annotations

import math
import os
import signal
from collections import OrderedDict
from dataclasses import replace

import numpy as np
import pytest
import torch
from fitted import Kept, run, same, settings
from torch import Tensor, nn

from convscope import models
from convscope.data import from_arrays
from convscope.data.dataset import Data
from convscope.errors import ConfigError
from convscope.events import Observer
from convscope.training import feature_cache
from convscope.training.defaults import settle
from convscope.training.feature_cache import settle_caching
from convscope.training.freezing import FreezePlan
from convscope.training.interrupt import Stopped
from convscope.training.optimisers import Optimiser
from convscope.training.plan import Plan, Stage, make_plan

HEAD = Stage(2, lr=0.02, sched="onecycle", freeze=("backbone",), augment=False, once=False)
ONCE = replace(HEAD, once=True)
REST = Stage(2, lr=0.005, sched="onecycle", once=False)


def chain(dropout: float = 0.0) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 8, 3, padding=1, bias=False), bn1=nn.BatchNorm2d(8), relu1=nn.ReLU(),
            conv2=nn.Conv2d(8, 12, 3, padding=1, bias=False), bn2=nn.BatchNorm2d(12), relu2=nn.ReLU(),
            avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), dropout=nn.Dropout(dropout), fc=nn.Linear(12, 10),
        )
    )  # fmt: skip


def begun(dropout: float = 0.0) -> nn.Sequential:
    """Return the network with statistics that are not the ones it was born with, the same at every call."""
    torch.manual_seed(5)
    net = chain(dropout)
    net(20 * torch.rand(64, 1, 8, 8))
    return net


def staged(*stages: Stage, **changes: object) -> Plan:
    total, highest = sum(stage.epochs for stage in stages), max(stage.lr or 0.0 for stage in stages)
    return settings(**{"stages": stages, "epochs": total, "lr": highest, **changes})


def tensors(kept: Kept) -> dict[str, Tensor]:
    assert kept.state is not None
    return kept.state.tensors


def two_stages_by_hand(data: Data, model: nn.Sequential, batch: int = 64) -> dict[str, Tensor]:
    """The head alone for two epochs on a frozen backbone, then everything for two at another rate."""
    mean, std = (torch.tensor(v, dtype=torch.float32) for v in (data.preprocessing.mean, data.preprocessing.std))
    x = torch.from_numpy(data.train.images()).float()
    x, y = (x - mean) * (1 / std), torch.from_numpy(data.train.labels)
    per_epoch, seeds = -(-len(x) // batch), 0
    head = list(model.get_submodule("fc").parameters())
    for first_epoch, lr, learners in ((0, 0.02, head), (2, 0.005, list(model.parameters()))):
        for p in model.parameters():
            p.requires_grad_(any(p is learner for learner in learners))
        groups = [
            {"params": [p for p in learners if p.ndim > 1], "weight_decay": 0.05},
            {"params": [p for p in learners if p.ndim <= 1], "weight_decay": 0.0},
        ]
        optimiser, taken = torch.optim.AdamW(groups, betas=(0.9, 0.99), fused=True), 0
        for epoch in (first_epoch, first_epoch + 1):
            model.train()
            if first_epoch == 0:
                for norm in ("bn1", "bn2"):
                    model.get_submodule(norm).eval()
            order = np.random.Generator(np.random.Philox(key=[0, epoch])).permutation(len(x))
            for begin in range(0, len(x), batch):
                done = taken / (2 * per_epoch)
                height = (1 - math.cos(math.pi * (done / 0.3 if done < 0.3 else 1 - (done - 0.3) / 0.7))) / 2
                low = lr * (1 / 25 if done < 0.3 else 1e-4 / 25)
                for group in optimiser.param_groups:
                    group["lr"], group["betas"] = low + (lr - low) * height, (0.9 - 0.1 * height, 0.99)
                at = torch.from_numpy(order[begin : begin + batch])
                torch.manual_seed(seeds)
                optimiser.zero_grad()
                nn.functional.cross_entropy(model(x[at]), y[at], label_smoothing=0.05).backward()
                optimiser.step()
                taken, seeds = taken + 1, seeds + 1
    return model.state_dict()


def test_equals_two_loops_by_hand(digits: Data) -> None:
    kept, outcome = run(digits, staged(HEAD, REST), select="last", net=begun(0.3))
    assert same(kept.weights, two_stages_by_hand(digits, begun(0.3)))
    assert outcome is not None
    assert [row["stage"] for row in outcome.history.epochs] == [1, 1, 2, 2]
    assert outcome.history.epochs_csv().splitlines()[0].startswith("epoch,stage,train_loss,")


@pytest.mark.parametrize("extra", [{}, {"ema": 0.8}, {"opt": "sgd"}, {"clip_grad": 0.5}])
def test_features_computed_once_change_nothing_but_roundings(digits: Data, extra: dict[str, object]) -> None:
    """Sums over a batch of another size are rounded otherwise: 1e-5 of the largest weight after four epochs."""
    (each, a), (once, b) = (
        run(digits, staged(stage, REST, **extra), select="last", net=begun(0.3)) for stage in (HEAD, ONCE)
    )
    for name, value in each.weights.items():
        torch.testing.assert_close(once.weights[name], value, rtol=1e-4, atol=1e-4)
    assert a is not None and b is not None
    for left, right in zip(a.history.epochs, b.history.epochs, strict=True):
        assert left["valid_loss"] == pytest.approx(right["valid_loss"], rel=1e-4)


def test_the_frozen_layers_are_run_once_for_each_image(digits: Data) -> None:
    net, seen = begun(), []
    net.get_submodule("conv1").register_forward_hook(lambda module, x, y: seen.append(len(y)))
    run(digits, staged(replace(ONCE, epochs=5)), net=net)
    assert sum(seen) == len(digits.train) + len(digits.valid)


@pytest.mark.parametrize("stage", [HEAD, ONCE, replace(HEAD, freeze=("bn1", "conv2"), augment=True)])
def test_what_is_frozen_stays_to_the_bit_its_statistics_too(digits: Data, stage: Stage) -> None:
    before = {name: value.clone() for name, value in begun().state_dict().items()}
    kept, _ = run(digits, staged(stage, augment="shift=0.1"), net=begun())
    frozen = [
        n for n in before if n.split(".")[0] in ("conv1", "bn1", "conv2", "bn2") and stage.freeze == ("backbone",)
    ]
    frozen = frozen or [n for n in before if n.split(".")[0] in ("bn1", "conv2")]
    assert len(frozen) >= 6
    assert all(torch.equal(kept.weights[name], before[name]) for name in frozen)
    learned = [name for name in before if name not in frozen]
    assert all(not torch.equal(kept.weights[name], before[name]) for name in learned)


def test_norms_without_weights_rest_with_the_layer_they_are_part_of(digits: Data) -> None:
    def net() -> nn.Sequential:
        torch.manual_seed(1)
        block = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4, affine=False), nn.ReLU())
        return nn.Sequential(
            OrderedDict(block=block, pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), fc=nn.Linear(4, 10))
        )

    kept, _ = run(digits, staged(HEAD), net=net())
    assert torch.equal(kept.weights["block.1.running_mean"], torch.zeros(4))


SHIFTED = replace(HEAD, augment=True)


@pytest.mark.parametrize(
    ("stages", "extra"),
    [
        ((ONCE, REST), {}),
        ((ONCE, REST), {"ema": 0.9}),
        ((SHIFTED, replace(REST, decay=0.5)), {"augment": "shift=0.1", "opt": "sgd"}),
    ],
)
@pytest.mark.parametrize("at", [5, 40, 41, 55])  # 20 steps an epoch: in each stage, and at its ends
def test_resumed_in_any_stage_it_ends_in_the_same_bytes(
    digits: Data, stages: tuple[Stage, ...], extra: dict[str, object], at: int
) -> None:
    plan, taken = staged(*stages, **extra), 0

    def stop(epoch: int, step: int, steps: int, figures: dict[str, Tensor]) -> None:
        nonlocal taken
        taken += 1
        if taken == at:
            os.kill(os.getpid(), signal.SIGINT)

    whole, outcome = run(digits, plan, net=begun(0.3))
    cut, none = run(digits, plan, listener=Observer(on_step=stop), net=begun(0.3))
    assert none is None and cut.state is not None
    resumed, end = run(digits, plan, start=cut.state, net=chain(0.3))
    assert outcome is not None and end is not None
    assert same(tensors(whole), tensors(resumed))
    np.testing.assert_array_equal(end.history.steps()["loss"], outcome.history.steps()["loss"])
    assert [r["valid_loss"] for r in end.history.epochs] == [r["valid_loss"] for r in outcome.history.epochs]


def test_resumed_from_the_state_at_the_boundary(digits: Data) -> None:
    """Saved at the last epoch's end of a stage, before the next one begins."""
    plan, states = staged(ONCE, REST), []

    class All(Kept):
        def keep_state(self, state: object) -> None:
            super().keep_state(state)  # pyright: ignore[reportArgumentType]
            states.append(state)

    from convscope.training import autosave

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(autosave, "SHARE", 1e9)
        whole, _ = run(digits, plan, net=begun(), kept=All())
    boundary = [s for s in states if (s.epoch, s.step, s.facts["stage"]) == (2, 0, 0)]
    assert boundary
    resumed, _ = run(digits, plan, start=boundary[0], net=chain())
    assert same(tensors(whole), tensors(resumed))


def test_interrupted_while_features_are_computed_nothing_is_lost(digits: Data) -> None:
    def stop(what: str, done: int, total: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    plan = staged(ONCE, REST)
    cut, _ = run(digits, plan, listener=Observer(on_progress=stop), net=begun(), catch=Stopped)
    assert cut.state is not None and (cut.state.epoch, cut.state.step) == (0, 0)
    whole, _ = run(digits, plan, net=begun())
    resumed, _ = run(digits, plan, start=cut.state, net=chain())
    assert same(tensors(whole), tensors(resumed))


def test_the_moving_average_of_features_that_moved_before_is_judged_whole(digits: Data) -> None:
    """After a stage in which the backbone learned, its average is another one: features cannot be shared with it."""
    plan = staged(REST, ONCE, ema=0.99)
    _, outcome = run(digits, plan, net=begun(), select="last")
    _, again = run(digits, staged(REST, HEAD, ema=0.99), net=begun(), select="last")
    assert outcome is not None and again is not None
    for left, right in zip(outcome.history.epochs, again.history.epochs, strict=True):
        assert left["valid_loss"] == pytest.approx(right["valid_loss"], rel=1e-4)


def test_each_group_learns_at_its_share_of_the_rate() -> None:
    net = chain()
    plan = make_plan({"lr": 1.0, "model": "tiny", "opt": "sgd", "momentum": 0.0, "weight_decay": 0.0})
    ground = FreezePlan(net, plan, Stage(1, lr=1.0, decay=0.5))
    optimiser = Optimiser(net, plan, ground.shares())
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    for p in net.parameters():
        p.grad = torch.ones_like(p)
    optimiser.step()
    moved = {name: float((before[name] - p.detach()).mean()) for name, p in net.named_parameters()}
    shares = {"conv1": 0.25, "bn1": 0.25, "conv2": 0.5, "bn2": 0.5, "fc": 1.0}
    for name, step in moved.items():
        assert step == pytest.approx(shares[name.split(".")[0]], rel=1e-5)


def test_a_step_in_parts_learns_the_same_in_a_frozen_stage(digits: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    class Short(nn.Linear):
        def forward(self, input: Tensor) -> Tensor:
            if input.shape[0] > 40 and self.training:
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 64 bytes")
            return super().forward(input)

    def short() -> nn.Sequential:
        net = begun()
        fc = Short(12, 10)
        fc.load_state_dict(net.get_submodule("fc").state_dict())
        net.fc = fc
        return net

    (usual, _), (parts, outcome) = run(digits, staged(ONCE), net=begun()), run(digits, staged(ONCE), net=short())
    assert outcome is not None and "in 2 parts" in outcome.notices[0]
    for name, value in usual.weights.items():
        torch.testing.assert_close(parts.weights[name], value, rtol=1e-4, atol=1e-5)


def test_divergence_in_the_second_stage_takes_its_epoch_anew(digits: Data) -> None:
    count = 0

    def loss(logits: Tensor, targets: Tensor) -> Tensor:
        nonlocal count
        count += logits.requires_grad
        return nn.functional.cross_entropy(logits, targets) * (math.nan if count == 50 and logits.requires_grad else 1)

    _, outcome = run(digits, staged(ONCE, REST), net=begun(), loss=loss)
    assert outcome is not None
    assert "in epoch 3, step 10: the epoch is restarted" in outcome.notices[0]
    rates = [row["stage"] for row in outcome.history.epochs]
    assert rates == [1, 1, 2, 2]
    lr = outcome.history.steps()["lr"]
    assert max(lr[:40]) == pytest.approx(0.02, rel=0.01) and max(lr[40:]) == pytest.approx(0.0025, rel=0.01)


def test_stages_share_the_time(digits: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    from convscope.training import state

    clock = [0.0]
    monkeypatch.setattr(state.time, "perf_counter", lambda: clock[0])

    def tick(epoch: int, step: int, steps: int, figures: dict[str, Tensor]) -> None:
        clock[0] += 0.1

    plan = staged(replace(ONCE, epochs=100), replace(REST, epochs=300), time="20s")
    _, outcome = run(digits, plan, net=begun(), listener=Observer(on_step=tick))
    assert outcome is not None
    last = {row["stage"]: row["seconds"] for row in outcome.history.epochs}
    assert last[1] == pytest.approx(5, abs=0.3) and last[2] == pytest.approx(20, abs=0.3)
    assert outcome.stops[-1] == "the time budget was used up"


def test_patience_ends_a_stage_not_the_training(digits: Data) -> None:
    flat = replace(ONCE, epochs=6, lr=1e-9)
    _, outcome = run(digits, staged(flat, REST, patience=2), net=begun())
    assert outcome is not None
    assert [row["stage"] for row in outcome.history.epochs] == [1, 1, 1, 2, 2]


def test_stages_made_from_settings(digits: Data) -> None:
    def made(**given: object) -> list[tuple[int, tuple[str, ...], float | None, bool]]:
        plan = settle(make_plan({"model": "resnet20", "lr": 0.01, **given}), digits).plan
        assert settle(make_plan(plan.to_dict()), digits).plan == plan  # a settled plan repeats itself
        return [(s.epochs, s.freeze, s.lr, s.augment) for s in plan.stages]

    assert made() == made(head="linear") == []
    assert made(pretrained="x.pth") == [(4, ("backbone",), 0.01, False), (8, (), 0.001, True)]
    assert made(pretrained="x.pth", freeze="backbone", epochs=5) == [(5, ("backbone",), 0.01, False)]
    assert made(pretrained="x.pth", freeze="backbone", epochs=5, augment="shift=0.1")[0][3]
    assert made(pretrained="x.pth", freeze="conv1, bn1", epochs=6)[1] == (4, ("conv1", "bn1"), 0.001, True)
    assert made(freeze="layer[12]", epochs=6) == [(6, ("layer[12]",), 0.01, True)]
    assert [s[:3] for s in made(unfreeze_at="2,4,6", epochs=12)] == [
        (2, ("backbone",), 0.01),
        (2, ("conv1", "bn1", "layer1", "layer2"), 0.01),
        (2, ("conv1", "bn1", "layer1"), 0.01),
        (6, (), 0.01),
    ]
    assert [s[:2] for s in made(unfreeze_at="1,2", freeze="layer1,layer2.0.conv1", epochs=4)] == [
        (1, ("layer1", "layer2.0.conv1")),
        (1, ("layer1",)),
        (2, ()),
    ]


def test_a_decoder_learns_alone_from_augmented_images() -> None:
    """Its features are maps of several sizes, which are not kept: there is nothing to gain by leaving images as is."""
    masks = np.zeros((12, 32, 32), np.uint8)
    masks[:, 4:14, 6:20] = 1
    data = from_arrays(40 + 90 * masks, masks)

    def made(**given: object) -> list[tuple[tuple[str, ...], bool]]:
        plan = settle(make_plan({"model": "unet_mini", "pretrained": "x.safetensors", **given}), data).plan
        return [(s.freeze, s.augment) for s in plan.stages]

    assert made() == [(("backbone",), True), ((), True)]
    assert made(freeze="backbone") == [(("backbone",), True)]
    net = models.create("unet_mini", classes=2)
    plan, stage = make_plan({"model": "unet_mini"}), Stage(1, lr=0.1, freeze=("backbone",), augment=False)
    FreezePlan(net, plan, stage).hold()
    assert not settle_caching(net, plan, stage, torch.zeros(1, 1, 32, 32), 12)[0].once


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"freeze": "layr1"}, "'layr1' matches no weights of this network; did you mean 'layer1'?"),
        ({"freeze": "*"}, "freeze: * leaves"),
        ({"unfreeze_at": "9", "epochs": 5}, "rising numbers of epochs such as 3 or 2,4,6, all below the 5 epochs"),
        ({"unfreeze_at": "soon"}, "'unfreeze_at': expected rising numbers of epochs"),
        ({"unfreeze_at": "1,2,3,4,5,6"}, "6 epochs at which to open a layer group, but only 4 are frozen"),
        ({"unfreeze_at": "3", "time": "1m"}, "'unfreeze_at' counts epochs: give their number too"),
        ({"stages": [{"epochs": 2}], "freeze": "backbone"}, "setting 'freeze' and 'stages' say the same"),
        ({"stages": [{"epochs": 2}], "epochs": 3}, "the stages have 2 together, got 3"),
        ({"stages": [{"epochs": 2, "lr": 0.1}], "lr": 0.2}, "the highest rate of the stages is 0.1, got 0.2"),
        ({"stages": [{"epoch": 2}]}, "stage 1: unknown setting 'epoch'; did you mean 'epochs'?"),
        ({"stages": [{"epochs": "x"}]}, "stage 1: epochs: expected a whole number, found 'x'"),
        ({"stages": [{"epochs": 2, "freeze": [3]}]}, "stage 1: freeze: expected a list of patterns, found [3]"),
        ({"stages": [{"freeze": []}]}, "stage 1 lacks its number of epochs"),
        ({"stages": [{"epochs": 2, "decay": 2.0}]}, "a stage's 'decay' must be above 0 and at most 1, got 2.0"),
        ({"layer_decay": 0.0}, "'layer_decay' must be above 0"),
    ],
)
def test_what_does_not_go_together_is_said(digits: Data, given: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settle(make_plan({"model": "resnet20", **given}), digits)
    assert message in str(caught.value)


def test_features_that_do_not_fit_are_computed_at_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    net, x = begun(), torch.rand(1, 1, 8, 8)
    plan = make_plan({"model": "tiny", "augment": "shift=0.1"})
    stage = replace(HEAD, once=None)
    FreezePlan(net, plan, stage).hold()
    assert settle_caching(net, plan, stage, x, 1000) == (ONCE, "")
    assert settle_caching(net, plan, replace(stage, augment=True), x, 1000)[0].once is False
    monkeypatch.setattr(feature_cache, "available", lambda: 4 * 48_000 - 4)
    found, why = settle_caching(net, plan, stage, x, 1000)
    assert found.once is False and "would fill a quarter of the memory" in why
    with pytest.raises(ConfigError, match="a stage cannot compute its features once where its images are augme"):
        settle_caching(net, plan, replace(stage, augment=True, once=True), x, 1000)
    FreezePlan(net, plan, REST).hold()
    assert settle_caching(net, plan, replace(REST, once=None, augment=False), x, 1000)[0].once is False
