"""Anonymous memory (RssAnon) of training on a table of short texts, and for as many steps on ten times as many.

Batches are as wide as their longest text: blocks of ever other sizes, of which the allocator holds more with each
thousand steps, however many texts there are. So both trainings take the same number of steps.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from memory import largest_anonymous
from record import record

FEW, TIMES = 100_000, 10
SYLLABLES = ("ma", "ri", "a", "jo", "se", "lu", "is", "car", "men", "te", "re", "sa", "an", "to", "nio", "el", "na")


def make(path: Path, count: int) -> None:
    draw = random.Random(0)
    with path.open("w", encoding="utf-8") as stream:
        stream.write("name,label\n")
        for _ in range(count):
            name = "".join(draw.choices(SYLLABLES, k=draw.randint(2, 5)))
            stream.write(f"{name} {draw.randrange(1000)},{'female' if name[-1] == 'a' else 'male'}\n")


def peak(table: Path, run: Path, cache: Path, epochs: int) -> tuple[int, float]:
    """Return the largest RssAnon in bytes until the last epoch is written, sampled 50 times a second, and seconds."""
    command = [
        sys.executable, "-m", "convscope", "train", str(table), "--epochs", str(epochs), "--batch-size", "512",
        "--no-baselines", "--out", str(run), "--cache", str(cache),
    ]  # fmt: skip
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    told = run / "epochs.csv"
    largest = largest_anonymous(process, lambda: told.exists() and told.read_text().count("\n") > epochs)
    seconds = time.perf_counter() - start
    assert process.poll() in (None, 0)
    process.kill()
    process.wait()
    return largest, seconds


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        for count in (FEW, FEW * TIMES):
            make(base / f"texts-{count}.csv", count)
            epochs = FEW * TIMES // count
            size, seconds = peak(base / f"texts-{count}.csv", base / f"run-{count}", base / "cache", epochs)
            rows.append({"texts": count, "bytes": size, "seconds": round(seconds, 1)})
    for row in rows:
        row["growth"] = round(row["bytes"] / rows[0]["bytes"] - 1, 4)
        row["target_growth"] = 0.10
        row["trials"] = 1
    record("texts_memory", rows)


if __name__ == "__main__":
    main()
