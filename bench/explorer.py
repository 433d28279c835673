"""What the page costs: its weight, its start, and how long a click takes, in a real browser over a run.

Run: python bench/explorer.py RUN [RUN152]. RUN is a run of ResNet-18 at 224² for the figures of the claims; RUN152, if
given, one of a network of 152 layers, whose graph is laid out. Needs Chromium, node and npm ci in tests/browser. Wall
clock: nothing else may run.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import posixpath
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from record import record

from convscope.explorer.pages import static_files
from convscope.widgets.join import IMPORT

BROWSER = Path(__file__).parents[1] / "tests" / "browser"
STARTS = 5


def started(run: str) -> tuple[subprocess.Popen[str], str, float]:
    """Return the page's process, its link, and the seconds until ``/`` was answered."""
    words = [sys.executable, "-m", "convscope", "explore", run, "--no-open", "--port", "0"]
    began = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "300"})
    assert process.stdout is not None
    link = process.stdout.readline().split()[1]
    urllib.request.urlopen(link.partition("#")[0]).read()
    return process, link, time.perf_counter() - began


def loaded(name: str) -> set[str]:
    """Return a module of the page and all that it imports at once, with the page itself."""
    text = static_files()[name].body.decode()
    sources = (
        posixpath.normpath(posixpath.join(posixpath.dirname(name), source)) for _, source in IMPORT.findall(text)
    )
    return {"index.html", "style.css", name}.union(*(loaded(source) for source in sources))


def kilobytes(names: set[str]) -> float:
    """Return what files of the page weigh, each compressed alone."""
    files = static_files()
    return sum(len(gzip.compress(files[name].body, 9)) for name in names) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("large", nargs="?")
    asked = parser.parse_args()
    every = set(static_files())
    views = [name for name in every if name.startswith("views/")]
    heaviest = max(kilobytes(loaded("main.js") | loaded(view)) for view in views)
    rows = [
        (f"all files of all {len(views)} views, gzip", kilobytes(every), "kB", ""),
        ("what the page loads with its heaviest view, gzip", heaviest, "kB", 60),
    ]
    starts: list[float] = []
    for _ in range(STARTS):
        process, link, seconds = started(asked.run)
        starts.append(seconds)
        process.terminate()
        process.wait()
    rows.append(("command until / is answered, median", statistics.median(starts), "s", 0.6))
    for run in filter(None, (asked.run, asked.large)):
        process, link, _ = started(run)
        script = ["node", "harness.mjs", "measure.mjs", link, "large" if run == asked.large else "usual"]
        ended = subprocess.run(script, cwd=BROWSER, capture_output=True, text=True, check=True)
        rows += [tuple(row) for row in json.loads(ended.stdout)]
        process.terminate()
    for figure, value, unit, bar in rows:
        print(f"{figure}: {value:.3g} {unit} (bar {bar})", file=sys.stderr)
    record("explorer", [{"figure": f, "value": v, "unit": u, "bar": b, "trials": 1} for f, v, u, b in rows])


if __name__ == "__main__":
    main()
