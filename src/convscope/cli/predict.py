"""``convscope predict``: the predictions of a run for files, as CSV or JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from convscope.cli.exits import GIVEN
from convscope.cli.output import show_csv, show_json
from convscope.terminal.screen import say_error, say_warning
from convscope.text import count
from convscope.views import prediction as views


def predict(
    run: Path,
    *inputs: Path,
    tta: int = 0,
    amp: Annotated[bool, Parameter(negative="")] = False,
    threads: int | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Predict files, as CSV on standard output.

    Parameters
    ----------
    run
        Run folder.
    inputs
        Image files, or folders of images; .npy or .npz files for a network that takes signals.
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
        show_json(views.predictions(predictions))
    else:
        rows = [{"input": p.input, **cells(p.answer)} for p in predictions if p.error is None]
        header = rows[0] if rows else {"input": "", **cells(predictions[0].answer)}
        show_csv(csv_text(tuple(header), (tuple(row.values()) for row in rows)))
    if opened.unfinished:
        say_warning(opened.unfinished)
    for note, number in Counter(p.note for p in predictions if p.note).items():
        say_warning(f"{count(number, 'input')} converted: {note}")
    for p in bad:
        say_error(f"{p.input}: {p.error}")
    return GIVEN if bad else 0


def cells(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return an answer as the cells of a line by their titles; units are left to JSON.

    >>> cells({"label": "bee", "probability": 0.75, "probabilities": {"ant": 0.25, "bee": 0.75}})
    {'label': 'bee', 'probability': '0.75', 'p:ant': '0.25', 'p:bee': '0.75'}
    >>> cells({"points": {"nose": [3.0, 4.5]}}), cells({"numbers": {"age": 41.25}, "units": {"age": "years"}})
    ({'nose_x': '3', 'nose_y': '4.5'}, {'age': '41.25'})
    """
    line: dict[str, str] = {}
    for name, value in answer.items():
        if not isinstance(value, Mapping):
            line[name] = _cell(value)
            continue
        prefix = "p:" if name == "probabilities" else ""
        digits = 12 if name == "numbers" else 6  # a year or a time has more than six
        for key, inner in value.items():
            if isinstance(inner, list):
                line |= {f"{prefix}{key}_{axis}": _cell(number) for axis, number in zip("xyz", inner, strict=False)}
            elif not isinstance(inner, str):
                line[f"{prefix}{key}"] = _cell(inner, digits)
    return line


def _cell(value: Any, digits: int = 6) -> str:
    if isinstance(value, list):
        return "; ".join(map(_cell, value))
    return "" if value is None else f"{value:.{digits}g}" if isinstance(value, float) else str(value)
