"""``convscope predict``: the predictions of a run for files, as CSV or JSON."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from convscope.cli.exits import GIVEN
from convscope.cli.output import show_csv, show_json
from convscope.terminal.screen import say_error, say_warning
from convscope.text import count


def predict(
    run: Path,
    *inputs: Path,
    tta: int = 0,
    amp: Annotated[bool, Parameter(negative="")] = False,
    threads: int | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Predict image files, as CSV on standard output.

    Parameters
    ----------
    run
        Run folder.
    inputs
        Image files, or folders of images.
    tta
        Average the predictions of this many augmented copies of each image.
    amp
        Compute in bfloat16, which is faster on some processors; refused where it changes too many predictions.
    threads
        Processor threads; by default as PyTorch chooses.
    as_json
        Print JSON instead of CSV.
    """
    from convscope.errors import ConfigError
    from convscope.runs.run import open_run
    from convscope.runs.write import csv_text
    from convscope.training.threads import using

    if not inputs:
        raise ConfigError("no input given; write: convscope predict RUN FILE..., or give a folder")
    opened = open_run(run)
    with using(threads):
        predictions = opened.predict(inputs, tta=tta, amp=amp)
    bad = [p for p in predictions if p.error is not None]
    if as_json:
        show_json([p.to_dict() for p in predictions])
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
