"""``convscope predict``: what a run's network says of image files, as CSV or JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from convscope.cli.exits import GIVEN
from convscope.cli.output import say_error, say_warning, show_csv, show_json
from convscope.text import count


def predict(
    run: Path,
    *inputs: Path,
    tta: int = 0,
    amp: Annotated[bool, Parameter(negative="")] = False,
    threads: int | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Name the class of image files, with the probability of every class, as CSV on standard output.

    Parameters
    ----------
    run
        Run folder.
    inputs
        Image files, or folders that are searched for images.
    tta
        Average over this many augmented copies of each image.
    amp
        Compute in bfloat16: faster where the processor has instructions for it; refused where it would give more
        than 2 % of the first images another class.
    threads
        Processor threads; by default as torch chooses.
    as_json
        Print JSON instead of CSV.
    """
    from convscope.errors import ConfigError
    from convscope.runs.run import open_run
    from convscope.runs.write import csv_text
    from convscope.training.threads import using

    if not inputs:
        raise ConfigError("no image given; write: convscope predict RUN FILE... or a folder")
    opened = open_run(run)
    with using(threads):
        predictions = opened.predict(inputs, tta=tta, amp=amp)
    bad = [p for p in predictions if p.error is not None]
    if as_json:
        show_json([asdict(p) for p in predictions])
    else:
        header = ("input", "label", "probability", *(f"p:{name}" for name in opened.spec.classes))
        rows = (
            (p.input, p.label, f"{p.probability:.6g}", *(f"{v:.6g}" for v in p.probabilities.values()))
            for p in predictions
            if p.probability is not None
        )
        show_csv(csv_text(header, rows))
    for note, number in Counter(p.note for p in predictions if p.note).items():
        say_warning(f"{count(number, 'image')} converted: {note}")
    for p in bad:
        say_error(f"{p.input}: {p.error}")
    return GIVEN if bad else 0
