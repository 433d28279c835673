"""``convscope predict``: the predictions of a run for files, as CSV or JSON; masks as files of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from convscope.cli.exits import GIVEN
from convscope.cli.output import show_csv, show_json
from convscope.terminal.screen import say_error, say_warning
from convscope.text import count
from convscope.views import prediction as views

if TYPE_CHECKING:
    from convscope.runs.prediction import Prediction


def predict(
    run: Path,
    *inputs: str,
    from_: Annotated[Path | None, Parameter(name="--from", negative="")] = None,
    tta: int = 0,
    amp: Annotated[bool, Parameter(negative="")] = False,
    tiles: Literal["auto", "exact", "gaussian", "whole"] = "auto",
    out: Path | None = None,
    pixel_size: str | None = None,
    probabilities: Annotated[bool, Parameter(negative="")] = False,
    typed: Annotated[bool, Parameter(negative="")] = False,
    threads: int | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Predict files, as CSV on standard output; masks are written as images, outlines and a table of objects, too.

    Parameters
    ----------
    run
        Run folder.
    inputs
        Image files, or folders of images; .npy or .npz files for a network that takes signals; texts themselves for
        one that takes texts.
    from_
        File with an input on each line, besides those given.
    tta
        Average the predictions of this many augmented copies of each image.
    amp
        Compute in bfloat16, which is faster on some processors; refused where it changes too many predictions.
    tiles
        How large images are divided for masks: exact tiles give the numbers of the whole image, gaussian ones are
        blended; auto takes the whole where memory has room, else exact ones where the network has such.
    out
        Folder for masks, empty or new; by default "predicted" in the run folder, with a number where that is taken.
    pixel_size
        Size of a pixel, such as "0.5 um": for the table of objects, and for the label images.
    probabilities
        Write the probabilities behind masks as well, as float32 TIFF.
    typed
        Predict each text as it is typed: a line after each of its letters.
    threads
        Processor threads; by default as PyTorch chooses.
    as_json
        Print JSON instead of CSV.
    """
    from convscope.cli.predicted_masks import MaskOutput
    from convscope.errors import ConfigError
    from convscope.runs.run import open_run
    from convscope.training.threads import using

    inputs = (*inputs, *(() if from_ is None else lines_of(from_)))
    if not inputs:
        raise ConfigError(
            "no input given; write: convscope predict RUN FILE..., or give a folder (texts for a run that takes texts)"
        )
    opened = open_run(run)
    inputs = tuple(beginnings(inputs, opened.spec.preprocessing)) if typed else inputs
    with using(threads):
        examples = list(opened.predictor.examples(inputs))
        masks = MaskOutput.of(
            opened, [*map(Path, inputs)], [each.name for each in examples], out, pixel_size, probabilities
        )
        stream = opened.predictor.stream(examples, average=opened.averaging(tta), amp=amp, tiles=tiles)
        predictions = list(_written(stream, masks.write if masks else _no_files, len(examples)))
    bad = [p for p, _ in predictions if p.error is not None]
    if as_json:
        show_json([views.prediction(p) | ({"files": files} if files else {}) for p, files in predictions])
    else:
        _show_lines(predictions)
    if masks:
        masks.say()
    if opened.unfinished:
        say_warning(opened.unfinished)
    for note, number in Counter(p.note for p, _ in predictions if p.note).items():
        say_warning(f"{count(number, 'input')} converted: {note}")
    for p in bad:
        say_error(f"{p.input}: {p.error}")
    return GIVEN if bad else 0


def beginnings(texts: Sequence[str], rule: Any) -> list[str]:
    """Return the beginnings of each text, of one letter, two, ... and all.

    Raises ``ConfigError`` where the network takes no texts, or only those of one length.

    >>> from convscope.data.transforms import TextTransform
    >>> beginnings(["ana", "li"], TextTransform("AILN"))
    ['a', 'an', 'ana', 'l', 'li']
    """
    from convscope.data.transforms import TextTransform
    from convscope.errors import ConfigError

    if not isinstance(rule, TextTransform) or rule.length is not None:
        takes = "sequences of one length" if isinstance(rule, TextTransform) else f"{rule.kind}s"
        raise ConfigError(f"--typed: for networks that take texts of any length, and this one takes {takes}")
    letters = [[text[:end] for end in range(1, len(text) + 1)] for text in texts]
    return [beginning for each in letters for beginning in each if beginning.strip()]


def lines_of(path: Path) -> list[str]:
    """Return the lines of a file that are not blank; ``DataError`` where it is no text."""
    from convscope.errors import DataError

    try:
        return [line for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except FileNotFoundError:
        raise DataError(f"--from: there is no file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or f"expected text in UTF-8, {error}"
        raise DataError(f"--from: {path} cannot be read: {reason}") from None


def _no_files(prediction: Prediction) -> dict[str, str]:
    return {}


def _written(
    stream: Iterator[Prediction], write: Callable[[Prediction], dict[str, str]], total: int
) -> Iterator[tuple[Prediction, dict[str, str]]]:
    """Yield each prediction without its pictures, and the files that these were written to."""
    from convscope.terminal.live import Live

    with Live() as live:
        for done in range(total):
            prediction = next(stream)
            files = write(prediction)
            prediction = replace(prediction, arrays={})  # the next one needs the room
            live.progress("predicting", done + 1, total)
            yield prediction, files


def _show_lines(predictions: Sequence[tuple[Prediction, Mapping[str, str]]]) -> None:
    from convscope.runs.write import csv_text

    rows = [{"input": p.input, **cells(p.answer), **files} for p, files in predictions if p.error is None]
    header = rows[0] if rows else {"input": "", **cells(predictions[0][0].answer)}
    show_csv(csv_text(tuple(header), (tuple(row.values()) for row in rows)))


def cells(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return an answer as the cells of a line by their titles; units are left to JSON.

    >>> cells({"label": "bee", "probability": 0.75, "probabilities": {"ant": 0.25, "bee": 0.75}})
    {'label': 'bee', 'probability': '0.75', 'p:ant': '0.25', 'p:bee': '0.75'}
    >>> cells({"points": {"nose": [3.0, 4.5]}}), cells({"numbers": {"age": 41.25}, "units": {"age": "years"}})
    ({'nose_x': '3', 'nose_y': '4.5'}, {'age': '41.25'})
    >>> cells({"shares": {"background": 0.75, "object": 0.25}, "objects": 3})
    {'share:background': '0.75', 'share:object': '0.25', 'objects': '3'}
    """
    line: dict[str, str] = {}
    for name, value in answer.items():
        if not isinstance(value, Mapping):
            line[name] = _cell(value)
            continue
        prefix = {"probabilities": "p:", "shares": "share:"}.get(name, "")
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
