"""What exact tiles cost against the whole image, and the memory that a large image takes.

Seconds are those of the processor on one thread, whole image and tiles in turn, at 2048² with tiles of 512. ``work`` is
how many positions are computed for each of the image's: what it would cost if each took as long. Memory is the largest
anonymous one (RssAnon) of a process that predicts an image of 10,000² from one mapped file into another.

``python bench/tiles.py [NETWORK ...]`` records all of it, or the cost for the networks named.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from record import alternate, ratio, record
from torch import Tensor, nn

from convscope.data.augment.views import View
from convscope.models.unet import unet, unet_mini
from convscope.runs.tiles import TiledNetwork
from convscope.training.accelerate import inference_model

SIDE, TILE, LARGE = 2048, 512, 10_000
NETWORKS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "unet_mini": (lambda: unet_mini(classes=2, channels=1), 4),
    "unet_mini levels=5": (lambda: unet_mini(classes=2, channels=1, levels=5), 4),
    "unet width=32": (lambda: unet(classes=2, channels=1, width=32), 2),
    "unet": (lambda: unet(classes=2, channels=1), 1),
}


def network(name: str) -> nn.Module:
    """Return a network in the form that predicts, with statistics as after a training."""
    torch.manual_seed(0)
    model = NETWORKS[name][0]().train()
    with torch.no_grad():
        for _ in range(3):
            model(torch.randn(2, 1, 128, 128))
    return inference_model(model, channels_last=True)


def processor_seconds(call: Callable[[], object]) -> Callable[[], float]:
    def run() -> float:
        began = time.process_time()
        call()
        return time.process_time() - began

    return run


def row(name: str) -> dict[str, object]:
    model, image = network(name), torch.randn(1, SIDE, SIDE)
    results: dict[str, np.ndarray] = {}
    contenders: dict[str, Callable[[], float]] = {}
    for how, tile in (("whole", None), ("exact", TILE)):
        tiled = TiledNetwork(model, 1, tiles=how, tile=tile)  # pyright: ignore[reportArgumentType]
        tiled.plan((SIDE, SIDE))
        results[how] = np.empty((SIDE, SIDE, 2), np.float32)

        def call(tiled: TiledNetwork = tiled, out: np.ndarray = results[how]) -> None:
            tiled.predict(lambda part: image[:, *part], (SIDE, SIDE), out)

        contenders[how] = processor_seconds(call)
    rounds = NETWORKS[name][1]
    figures = alternate(contenders, rounds)
    largest = np.abs(results["whole"]).max()
    return {
        "network": name,
        "image": SIDE,
        "tile": TILE,
        "work": round(TiledNetwork(model, 1, tiles="exact", tile=TILE).plan((SIDE, SIDE)).work, 3),
        "whole_s": round(min(figures["whole"]), 2),
        "tiles_s": round(min(figures["exact"]), 2),
        "ratio": round(ratio(figures["exact"], figures["whole"]), 3),
        "largest_difference": float(np.abs(results["exact"] - results["whole"]).max() / largest),
        "anonymous_bytes": "",
        "trials": rounds,
    }


def large(folder: Path) -> None:
    """Predict a large image: run in a process of its own."""
    model = network("unet_mini")
    image = np.lib.format.open_memmap(folder / "image.npy", mode="r")
    out = np.lib.format.open_memmap(folder / "out.npy", "w+", np.float32, (LARGE, LARGE, 2))

    def cut(part: tuple[slice, ...]) -> Tensor:
        return torch.from_numpy(image[part].astype(np.float32))[None] / 255

    tiled = TiledNetwork(model, 1)
    tiled.predict(cut, image.shape, out, head=lambda y: y.softmax(1), views=(View(),))
    print(tiled.plan(image.shape), file=sys.stderr)


def large_row() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        image = np.lib.format.open_memmap(folder / "image.npy", "w+", np.uint8, (LARGE, LARGE))
        rng = np.random.default_rng(0)
        for line in range(0, LARGE, 500):
            image[line : line + 500] = rng.integers(0, 256, (500, LARGE), dtype=np.uint8)
        image.flush()
        process = subprocess.Popen([sys.executable, __file__, name])
        began, largest = time.perf_counter(), 0
        while process.poll() is None:
            try:
                text = Path(f"/proc/{process.pid}/status").read_text()
            except OSError:
                break
            largest = max([largest, *(int(s.split()[1]) * 1024 for s in text.splitlines() if s.startswith("RssAnon"))])
            time.sleep(0.02)
        assert process.wait() == 0
    seconds = round(time.perf_counter() - began, 1)
    return {
        "network": "unet_mini",
        "image": LARGE,
        "tile": "auto",
        "work": "",
        "whole_s": "",
        "tiles_s": seconds,
        "ratio": "",
        "largest_difference": "",
        "anonymous_bytes": largest,
        "trials": 1,
    }


def main() -> None:
    torch.set_num_threads(1)
    words = sys.argv[1:]
    if words and Path(words[0]).is_dir():
        large(Path(words[0]))
        return
    key = ("network", "image")
    for name in words or NETWORKS:
        record("tiles", [row(name)], key)
    if not words:
        record("tiles", [large_row()], key)


if __name__ == "__main__":
    main()
