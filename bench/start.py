"""How soon a second start of a training takes its first step, and how long ``make demo`` takes once installed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from record import DATA, record

FIRST_STEP = """
import os, sys, time
from convscope import Observer, train
def stop(*_):
    print(time.time())
    sys.stdout.flush()
    os._exit(0)
train(sys.argv[1], out=sys.argv[2], observer=Observer(on_step=stop))
"""
ROUNDS = 3


def first_step(data: Path) -> float:
    with tempfile.TemporaryDirectory() as folder:
        began = time.time()
        ended = subprocess.run(
            [sys.executable, "-c", FIRST_STEP, str(data), str(Path(folder) / "run")],
            capture_output=True,
            text=True,
            check=True,
        )
        return float(ended.stdout) - began


def demo() -> float:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        command = [sys.executable, "-m", "convscope", "demo", "--out", str(Path(folder) / "run")]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - began


def help_text() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "convscope", "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    rows: list[dict[str, object]] = []
    for name, path in {"mnist": DATA / "mnist", "hymenoptera": DATA / "hymenoptera"}.items():
        first_step(path)
        times = sorted(first_step(path) for _ in range(ROUNDS))
        rows.append(
            {
                "what": f"second start to first step, {name}",
                "seconds": times[ROUNDS // 2],
                "target": 6.0,
                "trials": ROUNDS,
            }
        )
    for what, run, target in (("convscope demo", demo, 60.0), ("convscope --help", help_text, 0.3)):
        times = sorted(run() for _ in range(ROUNDS))
        rows.append({"what": what, "seconds": times[ROUNDS // 2], "target": target, "trials": ROUNDS})
    record("start", rows)


if __name__ == "__main__":
    main()
