"""Training on clips against a hand-written PyTorch loop with the same network: clips per CPU second, in turns.

The loop is plain and well written: all clips standardised once and kept in memory as float32, channels innermost,
AdamW fused, the schedule stepped, nothing read back before the end. The machine may be shared: CPU seconds of the
process are compared, and the contenders take turns.

    python bench/clips_loop.py [--rounds 5] [--clips 1024]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import torch
from record import alternate, ratio, record
from steps_clock import Clock, Nowhere, plain_adamw
from torch import nn

from convscope.data.dataset import Split
from convscope.data.loader import Loader
from convscope.data.loading import load
from convscope.data.spec import OutputSpec
from convscope.data.transforms import Form
from convscope.models.registry import build
from convscope.tasks.classification.objective import CrossEntropy
from convscope.training.accelerate import accelerated, in_order
from convscope.training.loop import fit
from convscope.training.memory import keep_freed_memory
from convscope.training.plan import make_plan

NETWORKS, BATCH, LR, CLASSES = ("r2plus1d_mini", "c3d_mini"), 32, 0.008, 8


def engine(name: str, train: Split, valid: Split) -> Callable[[], float]:
    data = train.dataset
    plan = make_plan(
        {
            "task": "classification", "epochs": 1, "batch_size": BATCH, "lr": LR, "weight_decay": 0.01,
            "smoothing": 0.0, "channels_last": True,
        }
    )  # fmt: skip
    form = Form(channels_last=True)

    def run() -> float:
        torch.manual_seed(0)
        told = Clock()
        model = in_order(build(name, {}, input=data.preprocessing.input, output=OutputSpec(CLASSES)), plan)
        fit(
            model, Loader(train, data.transforms, BATCH, form=form), Loader(valid, data.transforms, BATCH, form=form),
            plan, CrossEntropy(CLASSES), keeper=Nowhere(), select="last", listener=told,
            form=lambda net: accelerated(net, plan, (BATCH, *data.preprocessing.input.shape)),  # pyright: ignore
        )  # fmt: skip
        return told.rate(BATCH)

    return run


def plain(name: str, train: Split) -> Callable[[], float]:
    """Return a well-written loop over the same clips, standardised once."""
    rule = train.dataset.preprocessing
    clips = rule.tensor(train.input.take(np.arange(len(train)))).contiguous(memory_format=torch.channels_last_3d)
    labels = torch.from_numpy(train.labels)

    def run() -> float:
        torch.manual_seed(0)
        told = Clock()
        model = build(name, {}, input=rule.input, output=OutputSpec(CLASSES)).train()
        model = model.to(memory_format=torch.channels_last_3d)
        optimiser = plain_adamw(model, LR)
        starts = range(0, len(clips), BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LR, total_steps=len(starts))
        losses, right = [], []
        order = torch.randperm(len(clips))
        for first in starts:
            at = order[first : first + BATCH]
            logits = model(clips[at].contiguous(memory_format=torch.channels_last_3d))
            loss = nn.functional.cross_entropy(logits, labels[at])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.detach())
            right.append((logits.argmax(1) == labels[at]).float().mean())
            told.tick()
        return told.rate(BATCH)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clips", type=int, default=1024)
    asked = parser.parse_args()
    keep_freed_memory()  # for all: the loops are measured, not the allocator
    data = load("motions")
    train, valid = data.train[: asked.clips // BATCH * BATCH], data.valid[:BATCH]
    for name in NETWORKS:
        contenders = {"convscope": engine(name, train, valid), "plain": plain(name, train)}
        for warm in contenders.values():
            warm()
        rates = alternate(contenders, asked.rounds)
        row = {
            "net": name, "batch": BATCH, "clips": len(train),
            "convscope_per_cpu_second": float(np.median(rates["convscope"])),
            "plain_per_cpu_second": float(np.median(rates["plain"])),
            "ratio": ratio(rates["convscope"], rates["plain"]), "target": 0.97, "trials": asked.rounds,
        }  # fmt: skip
        record("clips_loop", [row], key=("net",))


if __name__ == "__main__":
    main()
