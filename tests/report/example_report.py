"""A small made-up run, complete in every part, for the tests of the report."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np

from convscope.data.dataset import Notice
from convscope.report.contents import Augmented, Baseline, Contents, Samples
from convscope.report.sections.classification.contents import Classified, Mistake
from convscope.tasks.classification.scores import ABOUT, score
from convscope.tasks.metrics.comparison import compare

MEANING = {"main": "accuracy", "metrics": {name: asdict(about) for name, about in ABOUT.items()}}


def guesses(n: int, K: int, skill: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return labels (n,) and probabilities (n, K) that are right the more often the larger ``skill``."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % K
    logits = rng.normal(size=(n, K)) + skill * np.eye(K)[labels]
    return labels, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def baseline(name: str, labels: np.ndarray, network: np.ndarray, own: np.ndarray) -> Baseline:
    classes = [str(k) for k in range(own.shape[1])]
    accuracy = score(labels, own, classes, resamples=50)["accuracy"]
    comparison = compare(network.argmax(1) == labels, own.argmax(1) == labels)
    return Baseline(name, f"{name} on pixels", accuracy, comparison, 1.25, 1000)


def contents(
    K: int = 3, *, n: int = 300, skill: float = 3.0, baseline_skill: float = 1.0, classes: tuple[str, ...] | None = None
) -> Contents:
    """Return a report's contents with ``K`` classes and ``n`` images of 12 × 12 grey pixels."""
    classes = classes or tuple(f"kind {k}" for k in range(K))
    labels, probabilities = guesses(n, K, skill)
    metrics = score(labels, probabilities, classes, resamples=50) | MEANING
    metrics |= {"split": "test", "rule": "the epoch with the highest validation accuracy", "chosen_epoch": 2}
    images = np.random.default_rng(1).integers(0, 256, (4 * K, 1, 12, 12)).astype(np.uint8)
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)[:5]
    worst = tuple(
        Mistake(images[0], int(labels[i]), int(predicted[i]), float(probabilities[i].max()), f"folder/{i}.png")
        for i in wrong
    )
    steps = np.arange(1, 41)
    falling = np.exp(-steps / 12)
    return Contents(
        name="example",
        created="21 November 2025",
        task="classification",
        metrics=metrics,
        own=Classified(
            classes,
            labels,
            probabilities,
            worst=worst,
            missed=tuple(m for m in worst if m.truth == 1) if K == 2 else (),
        ),
        headline={"data": "300 images", "network": "lenet, 1,000 weights"},
        plan={"epochs": "4", "batch_size": "32"},
        facts={"kind": "class folders"},
        warnings=(Notice("duplicates", "2 images lie in two splits.", ("a.png = b.png",)),),
        samples=Samples(images, np.arange(4 * K) % K),
        augmented=Augmented(images[:2], np.stack([images[:2]] * 3, axis=1)),
        epochs={
            "epoch": [1, 2, 3, 4],
            "train_loss": [1.0, 0.5, 0.3, 0.2],
            "train_accuracy": [0.5, 0.7, 0.8, 0.9],
            "valid_loss": [1.1, 0.6, 0.5, 0.5],
            "valid_accuracy": [0.5, 0.8, 0.7, 0.8],
            "lr": [0.1, 0.2, 0.1, 0.0],
            "seconds": [1.0, 1.0, 1.0, 1.0],
        },
        steps={
            "step": steps,
            "epoch": steps / 10,
            "loss": falling,
            "accuracy": 1 - falling,
            "loss_average": falling,
            "accuracy_average": 1 - falling,
            "lr": falling / 10,
            "momentum": 0.95 - falling / 10,
        },
        kernels=np.random.default_rng(2).normal(size=(6, 1, 3, 3)),
        baselines=(baseline("small MLP", labels, probabilities, guesses(n, K, baseline_skill, seed=1)[1]),),
        environment={"torch": "2.13"},
        timing={"training": 4.0},
        shell="convscope train --config runs/example/config.toml",
        python="import convscope as cs",
    )


def bare(K: int = 2) -> Contents:
    """Return contents with nothing but what a report cannot be without."""
    full = contents(K)
    own = replace(full.own, worst=(), missed=())
    return Contents(full.name, full.created, full.task, full.metrics, own)
