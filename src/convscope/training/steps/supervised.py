"""The step of supervised training: one network, one optimiser, whole or in parts where memory is short."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from convscope.data.batch import Batch
from convscope.data.loader import Loader
from convscope.models import transfer
from convscope.tasks.task import Objective
from convscope.training.average import AveragedModel
from convscope.training.feature_cache import Progress, cache_features, frozen_layers
from convscope.training.freezing import FreezePlan, freeze_norm_statistics
from convscope.training.optimisers import Optimiser
from convscope.training.out_of_memory import does_not_fit, is_out_of_memory, split
from convscope.training.plan import Plan, Stage
from convscope.training.precision import arithmetic, in_float32
from convscope.training.schedules import Schedule
from convscope.world import ALONE, World


class Supervised:
    """Takes the steps of a training: forward, loss, backward, optimiser, moving average.

    ``running`` is what is run for the network, with its parameters: a compiled form, or the layers that learn. A step
    that does not fit into memory is taken again in twice as many parts, whose gradients are added up; ``tell`` says so.
    Each process of ``world`` takes its part of the batch; their gradients are averaged.
    """

    def __init__(
        self,
        model: nn.Module,
        plan: Plan,
        objective: Objective,
        tell: Callable[[str], None],
        world: World = ALONE,
    ):
        self.model, self.plan, self.objective, self.tell, self.world = model, plan, objective, tell, world
        self.running = model
        self.average = AveragedModel(model, plan.ema) if plan.ema else None
        self.logged = ("loss", *objective.metrics, "lr", "momentum")
        self.slowed, self.parts = 1.0, 1
        self._buffers = list(model.buffers())
        self._before = [buffer.clone() for buffer in self._buffers]
        # Seeding the one generator that is used takes a microsecond, seeding those of all devices twenty.
        self._seed = torch.default_generator.manual_seed if plan.device == "cpu" else torch.manual_seed

    def enter(self, stage: Stage) -> None:
        """Hold the weights that are frozen in this stage; begin with a fresh optimiser of the others."""
        assert stage.lr is not None and stage.sched is not None
        shares: dict[str, float] = {}
        if self.plan.stages:
            frozen = FreezePlan(self.model, self.plan, stage)
            frozen.hold()
            shares = frozen.shares()
        self.optimiser = Optimiser(self.model, self.plan, shares)
        warmup = self.plan.warmup_epochs / stage.epochs
        self.schedule = Schedule(stage.sched, stage.lr, self.plan.momentum, warmup=warmup)

    def feed(
        self,
        stage: Stage,
        train: Loader,
        valid: Loader,
        form: Callable[[nn.Module], nn.Module],
        on_progress: Progress | None,
    ) -> tuple[Loader, Loader, nn.Module]:
        """Return the batches to train and to judge on, and what is judged; features are computed here, if once."""
        if not stage.once:
            self.running = form(self.model)
            return train, valid, form(self.evaluated()) if self.average else self.running
        count = frozen_layers(self.model)
        first, rest = transfer.split(self.model, count)
        self.running = form(rest)
        train = cache_features(first, train, self.plan, on_progress)
        if self.average is None:
            return train, cache_features(first, valid, self.plan, None), self.running
        averaged, behind = transfer.split(self.average.model, count)
        if _equal(first, averaged):  # and will stay so: an average of equal weights
            return train, cache_features(first, valid, self.plan, None), form(behind)
        return train, valid, form(self.average.model)

    def begin_epoch(self) -> None:
        """Put the network into training mode, all but what is frozen."""
        self.running.train()
        if self.plan.stages:
            freeze_norm_statistics(self.running)

    def evaluated(self) -> nn.Module:
        """Return the moving average where there is one, else the network."""
        return self.average.model if self.average else self.model

    def take(self, batch: Batch, done: float, taken: int) -> Tensor:
        """Take a step; return its loss, metrics, learning rate and momentum.

        Raises ``Error`` where not even one example at a time fits into memory.
        """
        lr, momentum = self.schedule.at(done)
        lr *= self.slowed
        self.optimiser.lr, self.optimiser.momentum = lr, momentum
        measured = self._gradients(batch, taken)
        while self.world.any(measured is None):
            self._split(batch, taken)
            measured = self._gradients(batch, taken)
        assert measured is not None
        if self.world.size > 1:
            measured = self._averaged(measured, len(batch))
        if self.plan.clip_grad:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.plan.clip_grad)
        self.optimiser.step()
        if self.average:
            self.average.follow(taken + 1)
        return torch.cat((measured, measured.new_tensor((lr, momentum))))

    def _gradients(self, batch: Batch, taken: int) -> Tensor | None:
        """Leave the batch's gradients in the parameters; return loss and metrics, or ``None`` if memory is short."""
        if self._buffers:
            torch._foreach_copy_(self._before, self._buffers)  # pyright: ignore[reportPrivateImportUsage]
        self._seed(self.plan.seed * 1_000_003 + taken)  # dropout repeats after a resume
        self.optimiser.zero_grad()
        try:
            parts = [self._part(part, len(part) / len(batch)) for part in split(batch, self.parts)]
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        else:
            return parts[0] if len(parts) == 1 else torch.stack(parts).sum(0)
        # Only here is what the failed step held given back: the exception kept it.
        self.optimiser.zero_grad()
        if self._buffers:  # running means that the failed step has moved
            torch._foreach_copy_(self._buffers, self._before)  # pyright: ignore[reportPrivateImportUsage]
        if self.plan.device != "cpu":
            torch.cuda.empty_cache()
        return None

    def _averaged(self, measured: Tensor, examples: int) -> Tensor:
        """Average gradients over all processes, each by its ``examples``; return loss and metrics of them all."""
        share = examples / self.world.mean(measured.new_tensor(examples))
        for parameter in self.model.parameters():
            if parameter.grad is not None:
                parameter.grad = self.world.mean(parameter.grad * share)
        return self.world.mean(measured * share)

    def _part(self, batch: Batch, share: float) -> Tensor:
        with arithmetic(self.plan):
            output = in_float32(self.running(*batch.inputs))
        loss, _, numerators, denominators = self.objective(output, batch)
        (loss if share == 1 else loss * share).backward()
        with torch.no_grad():
            return torch.cat((loss[None], numerators / denominators)) * share

    def _split(self, batch: Batch, taken: int) -> None:
        if self.parts >= len(batch):
            raise does_not_fit(batch)
        self.parts = min(2 * self.parts, len(batch))
        normed = any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in self.model.modules())
        narrow = ["batch norm"] * normed + list(self.objective.narrow)
        self.tell(
            f"a step of {len(batch)} images did not fit into memory (step {taken + 1:,} of the run); from here on "
            f"steps are taken in {self.parts} parts, with the gradient of the whole"
            + (f", except that {' and '.join(narrow)} count over one part at a time" if narrow else "")
        )

    def state(self) -> dict[str, Tensor]:
        """Return the tensors of network, moving average and optimiser, by name."""
        named = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        if self.average:
            named |= {f"ema.{name}": value for name, value in self.average.model.state_dict().items()}
        return named | self.optimiser.state()

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Put back what ``state`` returned."""
        self.model.load_state_dict(below("model.", tensors))
        if self.average:
            self.average.model.load_state_dict(below("ema.", tensors))
        self.optimiser.restore(tensors)

    def facts(self) -> dict[str, Any]:
        """Return how far the learning rate was lowered, and in how many parts steps are taken."""
        return {"slowed": self.slowed, "parts": self.parts}

    def recall(self, facts: dict[str, Any]) -> None:
        """Put back what ``facts`` returned."""
        self.slowed, self.parts = facts["slowed"], facts["parts"]


def _equal(a: nn.Module, b: nn.Module) -> bool:
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return all(torch.equal(mine, theirs) for mine, theirs in pairs)


def below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
