"""Anonymous memory (RssAnon) of training on a folder of images, and on one with ten times as many."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from record import record

SIDE, FEW, TIMES, STEPS = 32, 3_000, 10, 400


def make(folder: Path, count: int) -> None:
    rng = np.random.default_rng(0)
    for name in ("dark", "light"):
        (folder / name).mkdir(parents=True)
    for at in range(count):
        name = ("dark", "light")[at % 2]
        pixels = rng.integers(0, 160, (SIDE, SIDE, 3), dtype=np.uint8) + (60 if name == "light" else 0)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{at:06d}.png", compress_level=0)


def peak(folder: Path, count: int, cache: Path) -> int:
    """Return the largest RssAnon of the training process, in bytes, sampled 50 times a second."""
    epochs = max(1, STEPS * 64 // count)
    command = [
        sys.executable, "-m", "convscope", "train", str(folder), "--epochs", str(epochs), "--batch-size", "64",
        "--out", str(cache / f"run-{count}"), "--cache", str(cache),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    largest = largest_anonymous(process)
    assert process.wait() == 0
    return largest


def largest_anonymous(process: subprocess.Popen[bytes], ended: Callable[[], bool] = lambda: False) -> int:
    """Return the largest RssAnon in bytes, sampled 50 times a second, until the process or what is asked has ended."""
    largest = 0
    while process.poll() is None and not ended():
        try:
            text = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            break
        for line in text.splitlines():
            if line.startswith("RssAnon"):
                largest = max(largest, int(line.split()[1]) * 1024)
        time.sleep(0.02)
    return largest


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        for count in (FEW, FEW * TIMES):
            make(base / f"set-{count}", count)
            cold = peak(base / f"set-{count}", count, base / "cache")
            subprocess.run(["rm", "-rf", str(base / "cache" / f"run-{count}")], check=True)
            warm = peak(base / f"set-{count}", count, base / "cache")
            rows.append({"images": count, "first_start_bytes": cold, "second_start_bytes": warm})
    for row in rows:
        for key in ("first_start", "second_start"):
            row[f"{key}_growth"] = round(row[f"{key}_bytes"] / rows[0][f"{key}_bytes"] - 1, 4)
        row["target_growth"] = 0.10
        row["trials"] = 1
    record("memory", rows)


if __name__ == "__main__":
    main()
