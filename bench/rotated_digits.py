"""Handwritten digits turned by any angle: group convolutions against plain ones with as many weights.

The set is made from MNIST in the sizes of "rotated MNIST" (Larochelle et al. 2007): 10,000 images to train, 2,000 to
choose the epoch, 50,000 to test, each turned by its own angle of 0 to 360° (cubic splines, black outside) from a fixed
seed. Every contender is trained by the command a user would give, for the same number of epochs without augmentation;
beside them the plain network and p4's are shown every digit at a new angle in each epoch. ``seconds`` is the whole
command: a group's network takes more of them for the same epochs. The 95 % interval is that of the test images, and
says nothing of the start of a training, of which there is one (``SEEDS`` takes more).

The invariance error is measured on the first 1,000 test images: how far the probabilities move, and how many images
change their class, under the three quarter turns and under the four mirrored forms, the worst of each. On their 12,000
images Cohen and Welling (2016) report 5.03 % of errors for a plain network and 2.28 % for p4's, with 25,000 weights.

``python bench/rotated_digits.py [NAME ...]`` runs the contenders named (all without a name); rows of others are kept.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import product
from pathlib import Path

import numpy as np
import torch
from record import DATA, record, trained
from scipy.ndimage import rotate
from torch import Tensor, nn

from convscope.data.loading import load
from convscope.models.equivariant import P4M
from convscope.runs.run import open_run

COUNTS = {"train": 10_000, "valid": 2_000, "test": 50_000}
EPOCHS, SEEDS, MEASURED = 8, (0,), 1_000
# contender: (network, augmentation)
CONTENDERS: dict[str, tuple[str, str]] = {
    "plain": ("plain_mini", "none"),
    "p4": ("p4_mini", "none"),
    "p4m": ("p4m_mini", "none"),
    "plain-turned": ("plain_mini", "rotate=180"),
    "p4-turned": ("p4_mini", "rotate=180"),
}


def write_digits(path: Path) -> None:
    """Write the turned digits as an ``.npz`` with a pair of arrays for each split."""
    data = load(DATA / "mnist")
    assert data.test is not None  # MNIST brings one
    splits = (data.train, data.valid, data.test)
    pixels = np.concatenate([part.images()[:, 0] for part in splits])
    labels = np.concatenate([part.labels for part in splits])
    random = np.random.default_rng(0)
    chosen = random.permutation(len(pixels))[: sum(COUNTS.values())]
    angles = random.uniform(0, 360, len(chosen))
    turned = np.stack([turn(pixels[at], angle) for at, angle in zip(chosen, angles, strict=True)])
    arrays, first = {}, 0
    for split, count in COUNTS.items():
        arrays[f"x_{split}"] = turned[first : first + count]
        arrays[f"y_{split}"] = labels[chosen[first : first + count]]
        first += count
    np.savez(path, **arrays)


def turn(image: np.ndarray, angle: float) -> np.ndarray:
    return np.clip(np.rint(rotate(image.astype(np.float32), angle, reshape=False)), 0, 255).astype(np.uint8)


def measure(name: str, seed: int, digits: Path) -> dict[str, object]:
    network, augment = CONTENDERS[name]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        seconds = trained(
            out, str(digits), "--model", network, "--augment", augment,
            "--epochs", str(EPOCHS), "--seed", str(seed), "--no-baselines",
        )  # fmt: skip
        run, test = open_run(out), load(digits).test
        metrics = run.metrics
        assert test is not None and metrics["split"] == "test"  # ``write_digits`` wrote one
        images = run.predictor.tensor(test.input.take(np.arange(MEASURED)))
        changes = {
            **worst("turned", run.model, images, range(1, 4)),
            **worst("mirrored", run.model, images, range(4, 8)),
        }
        weights = sum(p.numel() for p in run.model.parameters())
    accuracy = metrics["accuracy"]
    return {
        "contender": name,
        "network": network,
        "augment": augment,
        "seed": seed,
        "weights": weights,
        "epochs": EPOCHS,
        "test_images": len(test),
        "error": round(1 - accuracy["value"], 5),
        "low": round(1 - accuracy["high"], 5),
        "high": round(1 - accuracy["low"], 5),
        "seconds": round(seconds),
        **changes,
        "trials": 1,
    }


def worst(what: str, net: nn.Module, images: Tensor, elements: range) -> dict[str, float]:
    """Return how the answers change under the worst of some turned or mirrored forms (elements of p4m).

    An image's change is that of the class whose probability changes most.
    """
    upright, forms = answers(net, images), [answers(net, P4M.act(images, g)) for g in elements]
    each = [(form - upright).abs().amax(1) for form in forms]
    moved = [(form.argmax(1) != upright.argmax(1)).double() for form in forms]
    return {
        f"{what}_largest_change": float(f"{max(change.max() for change in each):.3g}"),
        f"{what}_mean_change": float(f"{max(change.mean() for change in each):.3g}"),
        f"{what}_reclassified": float(max(change.mean() for change in moved)),
    }


@torch.inference_mode()
def answers(net: nn.Module, images: Tensor) -> Tensor:
    return torch.cat([net(part.contiguous()).double().softmax(1) for part in images.split(250)])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        digits = Path(folder) / "rotated-digits.npz"
        write_digits(digits)
        for seed, name in product(SEEDS, sys.argv[1:] or list(CONTENDERS)):
            record("rotated_digits", [measure(name, seed, digits)], key=("contender", "seed"))


if __name__ == "__main__":
    main()
