"""``convscope predict``: the predictions of a run for files, as CSV or JSON; masks as files of their own."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from convscope.cli.exits import GIVEN
from convscope.cli.output import show_csv, show_json
from convscope.terminal.screen import say_error, say_warning
from convscope.text import count, listed
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
    """Predict files, as CSV on standard output; masks are written as images, outlines and a table, images as PNG.

    Parameters
    ----------
    run
        Run folder.
    inputs
        Image files, or folders of images; files of signals (WAV, text, .ts, .npz, ...) for a network that takes
        signals; texts themselves for one that takes texts.
    from_
        File with an input on each line, or a FASTA file of sequences, besides those given.
    tta
        Average the predictions of this many augmented copies of each image.
    amp
        Compute in bfloat16, which is faster on some processors; refused where it changes too many predictions.
    tiles
        How large images are divided for masks: exact tiles give the numbers of the whole image, gaussian ones are
        blended; auto takes the whole where memory has room, else exact ones where the network has such.
    out
        Folder for masks and images, empty or new; by default "predicted" in the run folder, with a number where that is
        taken.
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
    from convscope.cli.predicted_pictures import PictureOutput
    from convscope.errors import ConfigError
    from convscope.runs.run import open_run
    from convscope.training.threads import using

    named = inputs
    inputs = (*inputs, *(() if from_ is None else inputs_in(from_)))
    if not inputs:
        raise ConfigError(
            "no input given; write: convscope predict RUN FILE..., or give a folder (texts for a run that takes texts)"
        )
    opened = open_run(run)
    inputs = tuple(beginnings(inputs, opened.spec.preprocessing)) if typed else inputs
    with using(threads):
        examples = list(opened.predictor.examples(inputs))
        output = PictureOutput if opened.spec.output.space == "whole" else MaskOutput
        pictures = output.of(
            opened, [*map(Path, inputs)], [each.name for each in examples], out, pixel_size, probabilities
        )
        stream = opened.predictor.stream(examples, average=opened.averaging(tta), amp=amp, tiles=tiles)
        predictions = list(_written(stream, pictures.write if pictures else _no_files, len(examples)))
    bad = [p for p, _ in predictions if p.error is not None]
    if as_json:
        show_json([views.prediction(p) | ({"files": files} if files else {}) for p, files in predictions])
    else:
        _show_lines(predictions)
    if pictures:
        pictures.say()
    if as_texts := _files_as_texts(named, opened.spec.preprocessing.kind):
        say_warning(as_texts)
    if opened.unfinished:
        say_warning(opened.unfinished)
    for note, number in Counter(p.note for p, _ in predictions if p.note).items():
        say_warning(f"{count(number, 'input')} converted: {note}")
    for p in bad:
        say_error(f"{p.input or repr('')}: {p.error}")
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


def inputs_in(path: Path) -> list[str]:
    """Return the lines of a file that are not blank, or the sequences of a FASTA file.

    Raises ``DataError`` where there is no such file, or it is no text.
    """
    from convscope.data.sources import fasta
    from convscope.data.sources.files import ending
    from convscope.data.sources.textlines import lines_of
    from convscope.errors import DataError

    try:
        with path.open("rb") as stream:
            lines = lines_of(stream, f"--from {path}", "line")
            if ending(path.name) in fasta.ENDINGS:
                return [record.sequence for record in fasta.records_of(lines, f"--from {path}")]
            return [line.rstrip("\r\n") for line in lines if line.strip()]
    except FileNotFoundError:
        raise DataError(f"--from: there is no file {path}") from None
    except OSError as error:
        raise DataError(f"--from: {path} cannot be read: {error.strerror}") from None


def _files_as_texts(inputs: Sequence[str], kind: str) -> str:
    """Say that names of files were read as texts, where they were."""
    names = [name for name in inputs if kind == "text" and os.path.isfile(name)]  # noqa: PTH113 - a text may be longer than a name
    if not names:
        return ""
    return (
        f"{listed(names, 3)}: read as {'a text' if len(names) == 1 else 'texts'}, though a file is called so; "
        f"--from {names[0]} reads a text from each of its lines, or the sequences of a FASTA file"
    )


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
