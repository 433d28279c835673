"""The windows of the page are those of geometry.py: geometry.js answers the same to 2,000 random cases."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from convscope.geometry import Spread, Window, same_padding

STATIC = Path(__file__).parents[2] / "src" / "convscope" / "explorer" / "static"
CASES = 2000
ASKED = """
import { readFileSync } from "node:fs";
import { samePadding, Spread, Window } from "GEOMETRY";
const all = (length, answer) => Array.from({ length }, (_, at) => answer(at));
const answers = JSON.parse(readFileSync(0, "utf8")).map(({ window, spread, same }) => {
  const [slides, spreads] = [new Window(window), new Spread(spread)];
  return {
    reach: slides.reach,
    outputs: slides.outputs,
    positions: all(slides.outputs, (output) => slides.positions(output)),
    inputs: all(slides.outputs, (output) => slides.inputs(output)),
    outputs_of: all(slides.size, (index) => slides.outputsOf(index)),
    dropped: slides.dropped,
    spread: [spreads.reach, spreads.outputs, ...all(Math.max(0, spreads.outputs), (output) => spreads.inputs(output))],
    same: samePadding(...same),
  };
});
process.stdout.write(JSON.stringify(answers));
"""


def node() -> str:
    """Return where node is; without it the test is skipped, or fails in CI."""
    path = shutil.which("node")
    if path is None:
        message = "node was not found: install Node.js 20 or later to check the page's arithmetic"
        if os.environ.get("CI") or os.environ.get("CONVSCOPE_REQUIRE_DATA"):
            pytest.fail(message)
        pytest.skip(message)
    return path


def cases() -> list[dict[str, Any]]:
    """Return windows, spreads and sizes of every kind: holes, padding wider than the kernel, none that fit."""
    draw = random.Random(18)
    made: list[dict[str, Any]] = []
    for _ in range(CASES):
        kernel, stride, dilation = draw.randint(1, 7), draw.randint(1, 5), draw.randint(1, 4)
        shared = {"size": draw.randint(1, 24), "kernel": kernel, "stride": stride, "dilation": dilation}
        window = {**shared, "before": draw.randint(0, 8), "after": draw.randint(0, 8), "ceil": draw.random() < 0.4}
        spread = {
            **shared,
            "before": draw.randint(-2, 6),
            "after": draw.randint(-2, 6),
            "extra": draw.randrange(stride),
        }
        made.append({"window": window, "spread": spread, "same": [shared["size"], kernel, stride, dilation]})
    return made


def expected(case: dict[str, Any]) -> dict[str, Any]:
    """Return what geometry.py answers."""
    window, spread = Window(**case["window"]), Spread(**case["spread"])
    inputs = [window.inputs(output) for output in range(window.outputs)]
    fed = {index for each in inputs for index in each}
    return {
        "reach": window.reach,
        "outputs": window.outputs,
        "positions": [window.positions(output) for output in range(window.outputs)],
        "inputs": inputs,
        "outputs_of": [window.outputs_of(index) for index in range(window.size)],
        "dropped": [index for index in range(window.size) if index not in fed],
        "spread": [spread.reach, spread.outputs, *(spread.inputs(output) for output in range(spread.outputs))],
        "same": list(same_padding(*case["same"])),
    }


def test_the_page_counts_windows_as_the_package_does():
    asked = cases()
    script = ASKED.replace("GEOMETRY", (STATIC / "geometry.js").as_uri())
    found = subprocess.run(
        [node(), "--input-type=module", "--eval", script], input=json.dumps(asked), capture_output=True, text=True,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    answers = json.loads(found.stdout)
    assert len(answers) == CASES
    for case, answer in zip(asked, answers, strict=True):
        assert answer == expected(case), case
    outputs = [answer["outputs"] for answer in answers]
    assert outputs.count(0) > 50  # no window fits
    assert sum(bool(answer["outputs"] and answer["dropped"]) for answer in answers) > 200
