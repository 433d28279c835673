"""Small trainings for tests: a keeper in memory, a plan, and a call of ``fit``."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from convscope.data.augment import Policy
from convscope.data.batch import Batch
from convscope.data.dataset import Data
from convscope.data.loader import Loader
from convscope.events import SILENT, Listener
from convscope.models import create
from convscope.tasks.classification.objective import CrossEntropy
from convscope.tasks.task import Measured
from convscope.training.checkpoint import State
from convscope.training.loop import Outcome, fit
from convscope.training.plan import Plan, make_plan
from convscope.world import ALONE, World

Loss = Callable[[Tensor, Tensor], Tensor]
Form = Callable[[torch.nn.Module], torch.nn.Module]


class WithLoss(CrossEntropy):
    """Cross entropy with another loss of logits and targets."""

    def __init__(self, loss: Loss, classes: int):
        super().__init__(classes)
        self.loss = loss

    def __call__(self, output: Tensor, batch: Batch) -> Measured:
        targets = batch.targets[0] if batch.mixed is None else self._mixed(batch)
        return super().__call__(output, batch)._replace(loss=self.loss(output, targets))


class Kept:
    """A keeper in memory."""

    def __init__(self) -> None:
        self.state: State | None = None
        self.weights: dict[str, Tensor] = {}
        self.epochs: list[int] = []

    def keep_state(self, state: State) -> None:
        self.state = state

    def keep_weights(self, weights: dict[str, Tensor], epoch: int) -> None:
        self.weights = weights
        self.epochs.append(epoch)


def settings(**changes: object) -> Plan:
    return make_plan(
        {
            "task": "classification",
            "epochs": 3,
            "batch_size": 64,
            "lr": 0.01,
            "model": "tiny",
            "augment": "none",
            **changes,
        }
    )


def run(
    data: Data, plan: Plan, *, listener: Listener = SILENT, start: State | None = None, select: str = "best",
    net: torch.nn.Module | None = None, loss: Loss | None = None, form: Form = lambda model: model,
    kept: Kept | None = None, world: World = ALONE, catch: type[BaseException] | tuple[()] = KeyboardInterrupt,
) -> tuple[Kept, Outcome | None]:  # fmt: skip
    torch.manual_seed(plan.seed)
    p = data.preprocessing
    model = net or create(plan.model, classes=len(data.classes), channels=p.channels, size=(p.height, p.width))
    policy = Policy.parse(plan.augment)
    policy = None if str(policy) == "none" else policy
    train = Loader(data.train, data.transforms, plan.batch_size or 1, seed=plan.seed, policy=policy)
    kept = kept or Kept()
    K = len(data.classes)
    objective = WithLoss(loss, K) if loss else CrossEntropy(K, plan.task_options.get("smoothing", 0.05))

    try:
        outcome = fit(
            model, train, Loader(data.valid, data.transforms, 256), plan, objective,
            keeper=kept, select=select, listener=listener, start=start, form=form, world=world,
        )  # fmt: skip
    except catch:
        return kept, None
    return kept, outcome


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)
