"""Training autoencoders against a hand-written PyTorch loop with the same network: images per CPU second, in turns.

The loop is plain and well written: all images standardised once and kept in memory as float32, channels innermost,
AdamW fused, the schedule stepped, nothing read back before the end. The machine may be shared: CPU seconds of the
process are compared, and the contenders take turns.

    python bench/reconstruction_loop.py [--rounds 5] [--images 16384]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from record import alternate, ratio, record
from steps_clock import Clock, Nowhere, plain_adamw
from torch import Tensor, nn

from convscope.data.dataset import Split
from convscope.data.loader import Loader
from convscope.data.loading import load
from convscope.data.spec import OutputSpec
from convscope.data.transforms import Form
from convscope.models.registry import build
from convscope.tasks.reconstruction.objective import objective
from convscope.tasks.reconstruction.options import Options
from convscope.tasks.reconstruction.target import measured
from convscope.tasks.registry import task
from convscope.training.accelerate import accelerated, in_order
from convscope.training.loop import fit
from convscope.training.memory import keep_freed_memory
from convscope.training.plan import make_plan

NETWORKS, BATCH, LR = {"autoencoder": "squared_error", "vae": "elbo"}, 128, 0.003


def engine(name: str, train: Split, valid: Split) -> Callable[[], float]:
    data = train.dataset
    options = Options(reconstruct=NETWORKS[name])  # pyright: ignore[reportArgumentType]
    target = measured(data, options)
    plan = make_plan(
        {
            "task": "reconstruction",
            "epochs": 1,
            "batch_size": BATCH,
            "lr": LR,
            "weight_decay": 0.01,
            "channels_last": True,
        }
    )
    form = Form(channels_last=True)
    learned: Any = objective(target, options, train.target, valid.target, "cpu")

    def run() -> float:
        torch.manual_seed(0)
        told = Clock()
        model = in_order(build(name, {}, input=data.preprocessing.input, output=OutputSpec(1, "whole")), plan)
        fit(
            model, Loader(train, data.transforms, BATCH, form=form), Loader(valid, data.transforms, BATCH, form=form),
            plan, learned, keeper=Nowhere(), select="last", listener=told,
            form=lambda net: accelerated(net, plan, (BATCH, *data.preprocessing.input.shape)),  # pyright: ignore
        )  # fmt: skip
        return told.rate(BATCH)

    return run


def plain(name: str, train: Split) -> Callable[[], float]:
    """Return a well-written loop over the same images, standardised once."""
    rule = train.dataset.preprocessing
    raw = train.input.take(np.arange(len(train)))
    images = rule.tensor(raw).contiguous(memory_format=torch.channels_last)
    pixels = torch.from_numpy(np.moveaxis(raw.astype(np.float32) / 255, -1, 1))

    def loss_of(output: Any, x: Tensor) -> Tensor:
        if isinstance(output, Tensor):
            return nn.functional.mse_loss(torch.sigmoid(output), x)
        logits, mean, log_variance = output
        surprise = nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        return (surprise + 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum()) / len(x)

    def run() -> float:
        torch.manual_seed(0)
        told = Clock()
        model = build(name, {}, input=rule.input, output=OutputSpec(1, "whole")).train()
        model = model.to(memory_format=torch.channels_last)
        optimiser = plain_adamw(model, LR)
        starts = range(0, len(images), BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LR, total_steps=len(starts))
        losses = []
        order = torch.randperm(len(images))
        for first in starts:
            at = order[first : first + BATCH]
            loss = loss_of(model(images[at].contiguous(memory_format=torch.channels_last)), pixels[at])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.detach())
            told.tick()
        return told.rate(BATCH)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=16_384)
    parser.add_argument("--data-root")
    asked = parser.parse_args()
    keep_freed_memory()  # for all: the loops are measured, not the allocator
    data = task("reconstruction").of(load("mnist", data_root=asked.data_root))
    train, valid = data.train[: asked.images // BATCH * BATCH], data.valid[:BATCH]
    for name in NETWORKS:
        contenders = {"convscope": engine(name, train, valid), "plain": plain(name, train)}
        for warm in contenders.values():
            warm()
        rates = alternate(contenders, asked.rounds)
        row = {
            "net": name, "batch": BATCH, "images": len(train),
            "convscope_per_cpu_second": float(np.median(rates["convscope"])),
            "plain_per_cpu_second": float(np.median(rates["plain"])),
            "ratio": ratio(rates["convscope"], rates["plain"]), "target": 0.97, "trials": asked.rounds,
        }  # fmt: skip
        record("reconstruction_loop", [row], key=("net",))


if __name__ == "__main__":
    main()
