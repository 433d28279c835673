"""Layer-wise relevance propagation beside one forward of the same graph in NumPy, of one photograph or 32 digits.

Run: python bench/explain_lrp.py [ROUNDS]. Networks are built, not trained: their numbers do not change the time but for
what a rectifier keeps. ``gap`` is the largest |relevance at the input - score| / |score| of the images (at least four)
with all biases and shifts 0: none is lost then, but by the z⁺ rule where no product is positive (LeNet has SELUs).
"""

from __future__ import annotations

import statistics
import sys

import torch
from record import alternate, ratio, record, seconds
from torch import nn

import convscope as cs
from convscope.explaining.explained import Explained
from convscope.explaining.lrp.method import lrp
from convscope.explaining.lrp.step import Settings
from convscope.explaining.score import ChosenScore

AT_ONCE = {"lenet": 32}  # images; one digit takes so short that what else the machine does decides
NETWORKS = {"lenet": (1, 28, 28), "resnet18": (3, 224, 224), "squeezenet1_0": (3, 224, 224)}
RULES = {"epsilon": Settings(gamma=0), "gamma": Settings(), "positive": Settings(gamma=float("inf"))}


def network(name: str) -> nn.Module:
    """Build a network without any bias; what is 0 is added all the same."""
    torch.manual_seed(0)
    channels, *size = NETWORKS[name]
    made = cs.models.create(name, classes=10, channels=channels, size=tuple(size)).eval()
    for key, parameter in made.named_parameters():
        if key.endswith("bias"):
            nn.init.zeros_(parameter)
    return made


def rows(name: str, rounds: int) -> list[dict[str, object]]:
    """Time a forward and every rule in turn."""
    count = AT_ONCE.get(name, 1)
    made, images = network(name), torch.randn(max(4, count), *NETWORKS[name])
    timed = Explained(made, images[:count])
    graph, array = timed.graph, images[:count].numpy()
    with torch.no_grad():
        largest = made(images).argmax(1)
    assert graph is not None
    runs = {"forward": seconds(lambda: graph.run(array))}
    for rule, settings in RULES.items():
        runs[rule] = seconds(lambda settings=settings: lrp(timed, ChosenScore(largest[:count]), settings))
    for run in runs.values():
        run()
    figures = alternate(runs, rounds)
    found: list[dict[str, object]] = []
    for rule, settings in RULES.items():
        told = lrp(timed.of(images), ChosenScore(largest), settings)
        assert told.gap is not None
        found.append({
            "network": name,
            "images": count,
            "rule": rule,
            "trials": rounds,
            "forward_s": statistics.median(figures["forward"]),
            "lrp_s": statistics.median(figures[rule]),
            "of_forward": ratio(figures[rule], figures["forward"]),
            "gap": float(abs(told.gap / told.score).max()),
        })  # fmt: skip
    return found


def main() -> None:
    """Time all networks and write ``results/explain_lrp.csv``."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    record("explain_lrp", [row for name in NETWORKS for row in rows(name, rounds)])


if __name__ == "__main__":
    main()
