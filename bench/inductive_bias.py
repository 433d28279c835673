"""What a convolution knows beforehand: a CNN against an MLP on 1 to 100 % of MNIST, as it is and with pixels shuffled.

One fixed permutation moves the pixels of all images alike. It takes nothing away from a fully connected network, to
which every order of its inputs is the same, but it takes the neighbourhoods from which a convolution starts.

``python bench/inductive_bias.py [SHARE ...]`` trains on those shares (per cent; all without one), writes them beside
the others in ``results/inductive_bias.csv``, the figure ``docs/images/inductive_bias.svg`` and ``.png``, and the table
of ``docs/learn/inductive-bias.md``. Nothing is augmented, nothing chosen on validation, each subset drawn anew a seed.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from record import DATA, record

import convscope as cs
from convscope.data.columns import InMemory
from convscope.data.dataset import Split

DOCS = Path(__file__).parents[1] / "docs"
# share of the training images in per cent: (epochs, seeds)
SHARES = {1: (40, 3), 3: (25, 3), 10: (12, 2), 30: (6, 1), 100: (3, 1)}
NETWORKS = {"lenet": "CNN", "mlp": "MLP"}
PIXELS = ("original", "shuffled")
MARKS = "<!-- written by bench/inductive_bias.py -->", "<!-- end -->"


def shuffled(data: cs.Data) -> cs.Data:
    """Return the set with the pixels of every image moved by the same permutation."""
    column = data.columns["image"]
    pixels = np.asarray(column.take(np.arange(len(data))))  # (n, H, W, C)
    order = np.random.default_rng(0).permutation(pixels.shape[1] * pixels.shape[2])
    moved = pixels.reshape(len(pixels), -1, pixels.shape[3])[:, order].reshape(pixels.shape)
    columns = {**data.columns, "image": InMemory(column.spec, moved, column.content)}
    return replace(data, name="shuffled", columns=columns)


def part(split: Split, share: int, seed: int) -> Split:
    """Return a share of the images, of each class alike."""
    rng = np.random.default_rng(seed)
    kept = []
    for label in np.unique(split.labels):
        mine = rng.permutation(np.flatnonzero(split.labels == label))
        kept.append(mine[: max(1, round(len(mine) * share / 100))])
    return split[np.sort(np.concatenate(kept))]


def measure(data: cs.Data, pixels: str, model: str, share: int) -> dict[str, object]:
    epochs, seeds = SHARES[share]
    began, accuracies, low, high, images = time.perf_counter(), [], 0.0, 0.0, 0
    for seed in range(seeds):
        train = part(data.train, share, seed)
        with tempfile.TemporaryDirectory() as folder:
            run = cs.train(
                replace(data, rows={**data.rows, "train": train.rows}), model, out=Path(folder) / "run", seed=seed,
                epochs=epochs,
                augment="none", select="last", baselines=False,
            )  # fmt: skip
            accuracy = run.metrics["accuracy"]
        accuracies.append(accuracy["value"])
        low, high, images = accuracy["low"], accuracy["high"], len(train)
    row = {
        "pixels": pixels,
        "network": NETWORKS[model],
        "model": model,
        "share_percent": share,
        "images": images,
        "epochs": epochs,
        "accuracy": round(statistics.mean(accuracies), 5),
        # Over seeds where there are several, else over test images.
        "low": round(min(accuracies) if seeds > 1 else low, 5),
        "high": round(max(accuracies) if seeds > 1 else high, 5),
        "seconds": round(time.perf_counter() - began, 1),
        "trials": seeds,
    }
    print(row, file=sys.stderr, flush=True)
    return row


def draw(rows: list[dict[str, str]]) -> None:
    """Draw test errors against training images, both axes logarithmic."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

    from convscope.report.figures.style import BLUE, ORANGE, applied, canvas, grid

    with applied():
        figure = canvas(6.4, 4.2)
        axes = figure.subplots()
        for (network, pixels), line in lines(rows).items():
            images = [int(row["images"]) for row in line]
            errors, lows, highs = (
                np.array([max(1 - float(row[key]), 1e-4) for row in line]) for key in ("accuracy", "high", "low")
            )
            colour, moved = BLUE if network == "CNN" else ORANGE, pixels == "shuffled"
            axes.errorbar(
                images, errors, [errors - lows, highs - errors], color=colour, linestyle="--" if moved else "-",
                marker="s" if moved else "o", markersize=5, markerfacecolor="none" if moved else colour,
                elinewidth=2.5, label=f"{network}, {pixels}",
            )  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.xaxis.set_major_locator(FixedLocator(sorted({int(row["images"]) for row in rows})))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.yaxis.set_major_locator(FixedLocator([0.005, 0.01, 0.02, 0.05, 0.1, 0.2]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("training images")
        axes.set_ylabel("error on the 10,000 test images")
        axes.legend(frameon=False, loc="lower left")
        axes.tick_params(which="minor", length=0)
        grid(axes)
        for kind in ("svg", "png"):
            metadata = {"Date": None} if kind == "svg" else None
            figure.savefig(DOCS / "images" / f"inductive_bias.{kind}", dpi=150, metadata=metadata)


def lines(rows: list[dict[str, str]]) -> dict[tuple[str, str], list[dict[str, str]]]:
    return {
        (network, pixels): sorted(
            (row for row in rows if (row["network"], row["pixels"]) == (network, pixels)),
            key=lambda row: int(row["images"]),
        )
        for network in NETWORKS.values()
        for pixels in PIXELS
    }


def tell(rows: list[dict[str, str]]) -> None:
    """Write the figures into the page that explains them."""
    found = lines(rows)
    text = ["| training images | " + " | ".join(", ".join(key) for key in found) + " |", "| ---: " * 5 + "|"]
    for columns in zip(*found.values(), strict=True):
        cells = (f"{100 * (1 - float(row['accuracy'])):.2f} %" for row in columns)
        text.append(f"| {int(columns[0]['images']):,} | " + " | ".join(cells) + " |")
    page = DOCS / "learn" / "inductive-bias.md"
    before, rest = page.read_text(encoding="utf-8").split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    page.write_text(f"{before}{MARKS[0]}\n" + "\n".join(text) + f"\n{MARKS[1]}{after}", encoding="utf-8")


def main() -> None:
    shares = [int(word) for word in sys.argv[1:]] or list(SHARES)
    data = cs.load(DATA / "mnist", valid=500)
    sets = {"original": data, "shuffled": shuffled(data)}
    rows = [measure(sets[pixels], pixels, model, share) for share in shares for pixels in PIXELS for model in NETWORKS]
    written = record("inductive_bias", rows, key=("pixels", "model", "share_percent"))
    draw(written)
    tell(written)


if __name__ == "__main__":
    main()
