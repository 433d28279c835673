"""Training of ``unet_mini`` on parts of 256 × 256, batch 8, against a bare hand-written PyTorch loop of the same steps.

Both draw parts of the slices of the ISBI 2012 stack, with flips and quarter turns, and take AdamW steps under one-cycle
on the same loss; images per second, in turns, and their ratio.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from record import DATA, alternate, ratio, record
from steps_clock import Nowhere

from convscope.data.augment import Policy
from convscope.data.loader import Loader
from convscope.data.loading import load
from convscope.data.patches import example, patches_of
from convscope.data.spec import InputSpec, OutputSpec
from convscope.data.transforms import Form
from convscope.models.registry import build
from convscope.tasks.segmentation.objective import MaskLoss
from convscope.training.loop import fit
from convscope.training.memory import keep_freed_memory
from convscope.training.plan import make_plan

BATCH, SIDE, EPOCHS, LR = 8, 256, 2, 0.003


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    model = build("unet_mini", {}, input=InputSpec(1, (SIDE, SIDE)), output=OutputSpec(2, "same"))
    return model.to(memory_format=torch.channels_last)


def main() -> None:
    torch.set_num_threads(2)
    keep_freed_memory()  # for both: the loop is measured, not the allocator
    data = load(DATA / "isbi2012_em" / "isbi2012_em.zip")
    train = data.train[:20]
    plan = make_plan(
        {"task": "segmentation", "epochs": EPOCHS, "batch_size": BATCH, "lr": LR, "weight_decay": 0.01,
         "channels_last": True}
    )  # fmt: skip
    policy, transform = Policy.parse("hflip vflip rot90"), data.preprocessing
    objective = MaskLoss(2, "dice+ce")
    form = Form(channels_last=True)
    parts = patches_of(train, transform, drawn=True)
    assert parts is not None
    judged = data.valid[:1]

    def engine() -> float:
        batches = Loader(train, data.transforms, BATCH, form=form, policy=policy, patches=parts)
        valid = Loader(
            judged, data.transforms, BATCH, form=form, patches=patches_of(judged, transform, drawn=False)
        )  # fmt: skip
        outcome = fit(network(), batches, valid, plan, objective, keeper=Nowhere(), select="last")
        return float(np.mean([epoch["images_per_second"] for epoch in outcome.history.epochs]))

    images = torch.from_numpy(np.stack([example(train.input, at)[..., 0] for at in range(len(train))]))
    masks = torch.from_numpy(np.stack([example(train.target, at) for at in range(len(train))]))
    mean, std = transform.mean[0], transform.std[0]

    def bare() -> float:
        model, random = network(), np.random.default_rng(0)
        optimiser = torch.optim.AdamW(model.parameters(), lr=LR, weight_decay=0.01, betas=(0.9, 0.95))
        steps = EPOCHS * (len(parts) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LR, total_steps=steps)
        model.train()
        began, losses = time.perf_counter(), []
        for _ in range(steps):
            x, y = torch.empty(BATCH, 1, SIDE, SIDE), torch.empty(BATCH, SIDE, SIDE, dtype=torch.long)
            for i in range(BATCH):
                at, (top, left), turns = random.integers(len(images)), random.integers(0, 257, 2), random.integers(4)
                image, mask = (each[at, top : top + SIDE, left : left + SIDE] for each in (images, masks))
                if random.random() < 0.5:
                    image, mask = image.flip(1), mask.flip(1)
                x[i, 0] = torch.rot90(image, turns).float()
                y[i] = torch.rot90(mask, turns)
            x = ((x - mean) / std).contiguous(memory_format=torch.channels_last)
            output = model(x)
            log_p = output.log_softmax(1)
            truth = torch.nn.functional.one_hot(y, 2).movedim(-1, 1).float()
            p = log_p.exp()
            dice = (2 * (p * truth).sum((0, 2, 3)) + 1e-5) / (p.sum((0, 2, 3)) + truth.sum((0, 2, 3)) + 1e-5)
            loss = torch.nn.functional.nll_loss(log_p, y) + 1 - dice.mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.detach())
        return steps * BATCH / (time.perf_counter() - began)

    engine(), bare()  # warm both
    rates = alternate({"convscope": engine, "bare": bare}, rounds=3)
    row = {
        "net": "unet_mini", "side": SIDE, "batch": BATCH,
        "convscope_images_per_second": sorted(rates["convscope"])[1],
        "bare_images_per_second": sorted(rates["bare"])[1],
        "ratio": ratio(rates["convscope"], rates["bare"]), "target": 0.97, "trials": 3,
    }  # fmt: skip
    record("masks_loop", [row])


if __name__ == "__main__":
    main()
