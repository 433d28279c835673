"""Training on texts against hand-written PyTorch loops: examples per CPU second, in turns, and their ratios.

``gru`` and ``conv1d`` on Spanish names stand against a plain, well-written loop of the same steps: the names padded
once and kept in memory as tokens, each batch cut to its longest. ``text_cnn`` stands against the document's own loop:
every name through a Python function when it is asked for, cut or padded to 22 characters, a convolution over the
embedding and a maximum one place short; loss and accuracy read back and averaged at each step. The document's batch is
32, also beside ours of 512.

The machine may be shared: CPU seconds of the process are compared, and the contenders take turns.

    python bench/sequences_loop.py [--rounds 5] [--examples 12800]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import torch
from record import DATA, alternate, ratio, record
from steps_clock import Clock, Nowhere, plain_adamw
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from convscope.data.dataset import Split
from convscope.data.loader import Loader
from convscope.data.loading import load
from convscope.data.spec import OutputSpec
from convscope.models.registry import build
from convscope.tasks.classification.objective import CrossEntropy
from convscope.training.accelerate import accelerated
from convscope.training.loop import fit
from convscope.training.memory import keep_freed_memory
from convscope.training.plan import make_plan

LR, LONGEST = 0.004, 22


def engine(name: str, train: Split, valid: Split, batch: int) -> Callable[[], float]:
    data = train.dataset
    plan = make_plan(
        {"task": "classification", "epochs": 1, "batch_size": batch, "lr": LR, "weight_decay": 0.01, "smoothing": 0.0}
    )

    def run() -> float:
        torch.manual_seed(0)
        told = Clock()
        model = build(name, {}, input=data.preprocessing.input, output=OutputSpec(2))
        fit(
            model, Loader(train, data.transforms, batch), Loader(valid, data.transforms, batch), plan, CrossEntropy(2),
            keeper=Nowhere(), select="last", listener=told,
            form=lambda net: accelerated(net, plan, (batch, LONGEST)),
        )  # fmt: skip
        return told.rate(batch)

    return run


def plain(name: str, train: Split, batch: int) -> Callable[[], float]:
    """Return a well-written loop over the same names: padded once, batches cut to their longest."""
    rule = train.dataset.preprocessing
    tokens = rule.tensor(train.input.take(np.arange(len(train))))
    labels, lengths = torch.from_numpy(train.labels), (tokens != 0).sum(1)

    def run() -> float:
        torch.manual_seed(0)
        told = Clock()
        model = build(name, {}, input=rule.input, output=OutputSpec(2)).train()
        optimiser = plain_adamw(model, LR)
        starts = range(0, len(tokens), batch)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LR, total_steps=len(starts))
        losses, right = [], []
        order = torch.randperm(len(tokens))
        for first in starts:
            at = order[first : first + batch]
            x, y = tokens[at, : lengths[at].max()], labels[at]
            logits = model(x)
            loss = nn.functional.cross_entropy(logits, y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.detach())
            right.append((logits.argmax(1) == y).float().mean())
            told.tick()
        return told.rate(batch)

    return run


class Names(Dataset):
    """Each name through Python when it is asked for: its letters to numbers, cut or padded."""

    def __init__(self, names: list[str], labels: list[int], letters: dict[str, int]):
        self.names, self.labels, self.letters = names, labels, letters

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, at: int) -> tuple[Tensor, Tensor]:
        numbers = [self.letters[letter] for letter in self.names[at]][:LONGEST]
        return torch.tensor(numbers + [0] * (LONGEST - len(numbers))), torch.tensor(self.labels[at])


class Document(nn.Module):
    """The document's network: an image of one channel, letter by letter, under a strided convolution."""

    def __init__(self, vocabulary: int, embedding: int = 10, width: int = 128, around: int = 4):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.conv = nn.Conv1d(1, width, around * embedding, stride=embedding)
        self.pool = nn.MaxPool1d(LONGEST - around)
        self.hidden, self.out = nn.Linear(width, 256), nn.Linear(256, 2)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        flat = self.embedding(x).flatten(1)[:, None]
        return self.out(self.dropout(torch.relu(self.hidden(torch.relu(self.pool(self.conv(flat))).flatten(1)))))


def document(train: Split, batch: int) -> Callable[[], float]:
    """Return the document's loop: items, batches of them, steps with loss and accuracy read back."""
    points = train.input.take(np.arange(len(train)))
    names = ["".join(map(chr, name.tolist())) for name in points]
    letters = {letter: at for at, letter in enumerate(sorted(set("".join(names))), 1)}
    items = Names(names, train.labels.tolist(), letters)

    def run() -> float:
        torch.manual_seed(0)
        told = Clock()
        model = Document(len(letters) + 1).train()
        loader = DataLoader(items, batch_size=batch, shuffle=True)
        optimiser = torch.optim.Adam(model.parameters())
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LR, total_steps=len(loader))
        log: list[tuple[float, float, float]] = []
        smooth: list[np.ndarray] = []
        for x, y in loader:
            logits = model(x)
            loss = nn.functional.cross_entropy(logits, y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            log.append((loss.item(), (logits.argmax(1) == y).float().mean().item(), schedule.get_last_lr()[0]))
            smooth.append(np.mean(log[-50:], axis=0))
            told.tick()
        return told.rate(batch)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--examples", type=int, default=12_800)
    parser.add_argument("--only", help="of the rows, that of this network and batch size: gru-32")
    asked = parser.parse_args()
    keep_freed_memory()  # for all: the loops are measured, not the allocator
    data = load(DATA / "spanish_names")
    train, valid = data.train[: asked.examples], data.valid[:256]
    rows: list[tuple[str, str, int, Callable[[], float], float]] = [
        *((name, "plain", batch, plain(name, train, batch), 0.97) for name in ("gru", "conv1d") for batch in (32, 128)),
        ("text_cnn", "document", 32, document(train, 32), 2.0),
        ("text_cnn", "document", 512, document(train, 32), 6.0),
    ]
    for name, other, batch, run, target in rows:
        if asked.only and asked.only != f"{name}-{batch}":
            continue
        contenders = {"convscope": engine(name, train, valid, batch), other: run}
        for warm in contenders.values():
            warm()
        rates = alternate(contenders, asked.rounds)
        row = {
            "net": name, "against": other, "batch": batch, "examples": len(train),
            "convscope_per_cpu_second": float(np.median(rates["convscope"])),
            "other_per_cpu_second": float(np.median(rates[other])),
            "ratio": ratio(rates["convscope"], rates[other]), "target": target, "trials": asked.rounds,
        }  # fmt: skip
        record("sequences_loop", [row], key=("net", "against", "batch"))


if __name__ == "__main__":
    main()
