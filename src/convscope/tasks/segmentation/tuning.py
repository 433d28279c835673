"""Thresholds and the smallest object, chosen on the validation split once the network is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from convscope.data.columns import Column
from convscope.data.patches import Examples
from convscope.data.spec import Instances, PixelClasses
from convscope.tasks.metrics.masks.contingency import Contingency
from convscope.tasks.metrics.masks.objects import ObjectCounts
from convscope.tasks.metrics.masks.partitions import Partitions, touching
from convscope.tasks.segmentation.choice import choose_instances, choose_objects, choose_threshold


class Slices(Sequence[np.ndarray]):
    """The slices of volumes, as images."""

    def __init__(self, volumes: Examples):
        self.volumes = volumes
        self.places = [(at, k) for at in range(len(volumes)) for k in range(len(volumes[at]))]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, at: int) -> np.ndarray:  # pyright: ignore[reportIncompatibleMethodOverride]
        volume, k = self.places[at]
        return self.volumes[volume][k]


def tuned(
    target: PixelClasses | Instances,
    truth: Column,
    predictions: Column,
    progress: Callable[[int, int], None] | None = None,
) -> PixelClasses | Instances:
    """Return the target with the thresholds and the smallest object that suit probabilities of validation images best.

    Pixels of two classes are parted by their Dice, objects by AP at an IoU of 0.5, those that membranes part by V_rand.
    """
    masks, maps = Examples(truth), Examples(predictions)
    if isinstance(target, PixelClasses) and target.slices:
        masks, maps = Slices(masks), Slices(maps)
    if isinstance(target, Instances):
        chosen = choose_instances(maps, masks, progress=progress)
        return replace(target, threshold=chosen.threshold, seeds=chosen.seed_threshold, smallest=chosen.smallest)
    if len(target.names) != 2:
        return target
    target = replace(target, threshold=choose_threshold(maps, masks).threshold)
    if not target.objects:
        return target
    chosen = choose_objects(maps, masks, _cut if target.dense else _found, progress=progress)
    return replace(target, seeds=chosen.threshold, smallest=chosen.smallest)


def _cut(truth: np.ndarray, labels: np.ndarray) -> float:
    """Return V_rand of predicted labels, grown until they touch."""
    return float(Partitions.of([Contingency.of(truth, touching(labels))]).per_example[0])


def _found(truth: np.ndarray, labels: np.ndarray) -> float:
    """Return the average precision of predicted labels at an IoU of 0.5."""
    return float(ObjectCounts.of([Contingency.of(truth, labels)], (0.5,)).per_example[0])
