"""What stands still in a stage of training: frozen weights, the statistics of their norms, and the learners' rates."""

from __future__ import annotations

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from convscope.errors import ConfigError
from convscope.models import entry, transfer
from convscope.text import count as count_of
from convscope.training.plan import Plan, Stage

LONG = 10_000  # epochs: only a time budget ends them


class FreezePlan:
    """The layers of a network in a stage: which of its weights are frozen, and how fast the others learn."""

    def __init__(self, model: nn.Module, plan: Plan, stage: Stage):
        self.model, self.stage = model, stage
        self.head = entry(plan.model).head
        self.still = transfer.frozen(model, stage.freeze, self.head)
        self.weights = {name: p.numel() for name, p in model.named_parameters()}
        if self.still == self.weights.keys():
            raise ConfigError(
                f"freeze: {', '.join(stage.freeze)} leaves no trainable weights; freeze fewer layers, or leave the "
                "network as it is and use convscope evaluate"
            )

    @property
    def only_head(self) -> bool:
        """Whether nothing learns but the head."""
        if not self.stage.freeze or not transfer.has_head(self.model):
            return False
        return transfer.frozen(self.model, ["backbone"], self.head) <= self.still

    def said(self, stage: Stage, plan: Plan) -> str:
        """Return what a stage does, as a line for people; ``stage`` is this one, settled."""
        assert stage.lr is not None
        learns = sum(count for name, count in self.weights.items() if name not in self.still)
        total = sum(self.weights.values())
        parts = [
            "as many epochs as fit" if stage.epochs > LONG else count_of(stage.epochs, "epoch"),
            f"trainable {total:,}" if learns == total else f"trainable {learns:,} of {total:,}",
            f"lr {stage.lr:g}" + (f", layer decay {stage.decay:g}" if stage.decay != 1 else ""),
        ]
        if stage.freeze:
            parts.insert(1, f"frozen: {', '.join(stage.freeze)}")
        augmented = stage.augment and plan.augment != "none"
        parts.append("augmented" if augmented else "cached features" if stage.once else "not augmented")
        return ", ".join(parts)

    def groups(self) -> dict[tuple[str, ...], list[str]]:
        """Return the names of the weights of each layer group, from input to head, under the layers' paths."""
        layer_groups = transfer.groups(self.model, self.head)
        return {
            group: [name for name in self.weights if name.startswith(tuple(f"{path}." for path in group))]
            for group in layer_groups
        }

    def shares(self) -> dict[str, float]:
        """Return each weight's share of the learning rate: ``decay`` times that of the group above it (Howard and
        Ruder 2018, "discriminative fine-tuning"); nothing where all learn at the same rate."""
        if self.stage.decay == 1:
            return {}
        groups = reversed(self.groups().values())
        return {name: self.stage.decay**down for down, group in enumerate(groups) for name in group}

    def hold(self) -> None:
        """Let the weights that learn have gradients, and no others."""
        for name, weight in self.model.named_parameters():
            weight.requires_grad_(name not in self.still)


def freeze_norm_statistics(form: nn.Module) -> None:
    """Put the norms that do not learn into evaluation mode, so that their statistics stay as they are.

    A norm without weights of its own goes with the module that it is part of.
    """
    for parent in form.modules():
        for module in parent.children():
            own = list((module if next(module.parameters(), None) is not None else parent).parameters())
            if isinstance(module, _NormBase) and own and not any(weight.requires_grad for weight in own):
                module.eval()
