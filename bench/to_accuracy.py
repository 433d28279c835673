"""From nothing to the document's validation accuracy on MNIST: convscope's whole command against its three epochs.

convscope is one command a user types, ``convscope train mnist --model lenet --time 3s --augment none --no-baselines``
(the document augments nothing either), as a fresh process; its time ends when ``epochs.csv`` holds the validation
accuracy (interpreter, imports, reading and checking the images, plan, training, validation).
``whole_command_seconds`` goes on to the end: test images, report.
The simple methods are left out, for the document has none. "warm" finds the decoded images in the cache, as every
start but the first does; "cold" decodes them. The document's loop (``peers_document.py``) is a fresh process too, which
reads the images as one array and is timed to the end of its third epoch.
"""

from __future__ import annotations

import csv
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from peers import start, write_images
from record import DATA, alternate, ratio, record

GOAL, TARGET, ROUNDS, EPOCHS, BATCH = 0.9798, 10.0, 5, 3, 32
COMMAND = [
    "-m",
    "convscope",
    "train",
    "mnist",
    "--model",
    "lenet",
    "--time",
    "3s",
    "--augment",
    "none",
    "--no-baselines",
]
DOCUMENT = f"import sys; from peers_document import train; print(train(sys.argv[1], {BATCH}, {EPOCHS}))"
Log = list[tuple[float, float]]  # validation accuracy reached, seconds of the whole command


def convscope(folder: Path, cache: str, log: Log) -> float:
    out, stored = folder / "run", folder / cache
    shutil.rmtree(out, ignore_errors=True)
    if cache == "cold":
        shutil.rmtree(stored, ignore_errors=True)
    began = time.time()
    start([sys.executable, *COMMAND, "--cache", str(stored), "--out", str(out)], folder)
    whole = time.time() - began
    with (out / "epochs.csv").open(newline="") as file:
        log.append((float(list(csv.DictReader(file))[-1]["valid_accuracy"]), whole))
    return (out / "epochs.csv").stat().st_mtime - began


def document(folder: Path, log: Log) -> float:
    began = time.time()
    answer = start([sys.executable, "-c", DOCUMENT, str(folder / "mnist.npz")], folder)
    seconds = time.time() - began
    log.append((float(answer), seconds))
    return seconds


def main() -> None:
    os.environ["CONVSCOPE_DATA"] = str(DATA)
    logs: dict[str, Log] = {"warm": [], "cold": [], "document": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_images(folder / "mnist.npz", 1)
        convscope(folder, "warm", [])  # fills the cache
        contenders = {
            "warm": lambda: convscope(folder, "warm", logs["warm"]),
            "cold": lambda: convscope(folder, "cold", logs["cold"]),
            "document": lambda: document(folder, logs["document"]),
        }
        found = alternate(contenders, ROUNDS)
    table: list[dict[str, object]] = [
        {
            "what": what,
            "valid_accuracy": round(min(accuracy for accuracy, _ in logs[key]), 5),
            "goal": GOAL,
            "seconds_to_accuracy": round(statistics.median(found[key]), 2),
            "whole_command_seconds": round(statistics.median(whole for _, whole in logs[key]), 2),
            "document_takes_times_as_long": round(ratio(found["document"], found[key]), 3),
            "target": "" if key == "document" else TARGET,
            "trials": ROUNDS,
        }
        for key, what in (
            ("warm", "convscope train mnist --model lenet --time 3s --augment none, images in the cache"),
            ("cold", "convscope train mnist --model lenet --time 3s --augment none, first start"),
            ("document", f"the document's loop, {EPOCHS} epochs, batch {BATCH}"),
        )
    ]
    record("to_accuracy", table)


if __name__ == "__main__":
    main()
