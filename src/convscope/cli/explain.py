"""``convscope explain``: what answers rest on, and what every layer makes of an example."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from convscope.cli.exits import GIVEN
from convscope.cli.explain_flags import ExplainFlags
from convscope.cli.explain_stop import Kept, said
from convscope.cli.output import show_json
from convscope.cli.written import image_shape
from convscope.terminal.screen import out as screen
from convscope.terminal.screen import say_error, say_warning
from convscope.terminal.tables import table
from convscope.text import count
from convscope.views import explanation as views

if TYPE_CHECKING:
    from convscope.api.explain import Job
    from convscope.explaining.explanation import Explanation

SHOWN = 49  # examples of the table in a terminal


def explain(
    network: str,
    /,
    *inputs: str,
    flags: ExplainFlags | None = None,
    from_: Annotated[Path | None, Parameter(name="--from", negative="")] = None,
    out: Path | None = None,
    threads: int | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Show what answers rest on: a map by each method for each input, with a verdict on whether it can be believed.

    Parameters
    ----------
    network
        Run folder; also the name of a network, or package.module:name.
    inputs
        Image files or folders of images; files of signals, or texts, for a network that takes those.
    from_
        File with an input on each line, or a FASTA file of sequences, besides those given.
    out
        Folder for the page, pictures, arrays and table, empty or new; by default "explained" in the run folder, or
        here, with a number where that is taken.
    threads
        Processor threads; by default as PyTorch chooses.
    as_json
        Print JSON.
    """
    from convscope.cli.predict import inputs_in
    from convscope.errors import ConfigError
    from convscope.training.threads import using

    flags = flags or ExplainFlags()
    flags.check()
    named = (*inputs, *(() if from_ is None else inputs_in(from_)))
    if not named and flags.units is None:
        raise ConfigError("no input given; write: convscope explain RUN IMAGE..., or give a folder")
    kept = Kept()
    with using(threads), said(kept):
        if flags.units is not None:
            from convscope.cli import explain_units

            return explain_units.show(network, named, flags, out, as_json)
        if flags.maps:
            return _inside(network, named, flags, out, as_json)
        job = _job(network, named, flags)
        return _explain(job, flags, out, kept, as_json)


def _job(network: str, inputs: tuple[str, ...], flags: ExplainFlags) -> Job:
    from convscope.api.explain import opened
    from convscope.runs.explaining import Question

    question = Question.of(flags.methods, flags.target, flags.place, flags.node)
    given = list(inputs) if flags.pretrained is not None else _one_or_all(network, inputs)
    return opened(network, given, question, flags.outputs, pretrained=flags.pretrained)


def _explain(job: Job, flags: ExplainFlags, out: Path | None, kept: Kept, as_json: bool) -> int:
    from convscope.api.explain import pixel_size_of
    from convscope.report.explained.look import Look
    from convscope.report.explained.write import PAGE
    from convscope.runs.verdicts import Effort
    from convscope.runs.write import new_folder

    look, size = Look(**flags.look), pixel_size_of(flags.pixel_size)
    kept.run = None if job.run is None else job.run.folder
    first = job.first()  # what is wrong with the question is said before minutes of checks
    if flags.checks is not False:
        job = job.checked(Effort(flags.checks is True, kept.checking, first.refused))
    kept.folder = folder = new_folder(out, "explained", kept.run or Path())
    done = list(_watched(job.written(folder, look, size), kept))
    bad = [each for each in done if each.error is not None]
    if as_json:
        show_json(views.explanations(done, job.checks, folder))
    else:
        _tell(job, done, first)
        screen.print(f"\nwritten: {folder / PAGE}", markup=False)
    for text in job.remarks:
        say_warning(text)
    if flags.pretrained is not None and flags.names is None:
        say_warning("outputs are called by their numbers; --names FILE gives their names, one a line")
    for name, why in first.refused.items():
        say_warning(f"{name}: {why}")
    for each in bad:
        say_error(f"{each.input}: {each.error}")
    return GIVEN if bad else 0


def _one_or_all(network: str, inputs: tuple[str, ...]) -> Any:
    """Return the inputs of a run; of another network the only one, which is all that it takes of files."""
    from convscope.errors import ConfigError

    if Path(network).is_dir():
        return list(inputs)
    if len(inputs) > 1:
        raise ConfigError(
            f"{network} is no run folder: one image at a time, or several with --pretrained; found {len(inputs)}"
        )
    return next(iter(inputs))


def _watched(stream: Iterator[Explanation], kept: Kept) -> Iterator[Explanation]:
    from convscope.terminal.live import Live

    with Live() as live:
        for number, each in enumerate(stream, 1):
            kept.done = number
            live.progress("explaining", number, number)
            yield each


def _tell(job: Job, done: list[Explanation], first: Explanation) -> None:
    """Print a row for each example, and below the table what is to be said of each method."""
    from convscope.report.explained.shown import said_of

    good = [each for each in done if each.error is None]
    rows = [(each.input, said_of(each), _score(each)) for each in good[:SHOWN]]
    screen.print(table(("input", "answer", "score"), rows, right=("score",)))
    if len(good) > SHOWN:
        screen.print(f"and {count(len(good) - SHOWN, 'more row')} in the table", style="dim")
    for each in first.maps.values():
        layer = f", layer {each.node}" if each.node else ""
        checked = job.checks.get(each.method)
        verdict = "not checked" if checked is None else checked.verdict
        screen.print(f"{each.title}{layer}: {verdict}", markup=False)
        for note in each.notes:
            screen.print(f"  {note}", markup=False, style="dim")


def _score(each: Explanation) -> str:
    first = next(iter(each.maps.values()), None)
    return "" if first is None else f"{first.score:.4g}"


def _inside(network: str, inputs: tuple[str, ...], flags: ExplainFlags, out: Path | None, as_json: bool) -> int:
    from convscope.api.inside import inside
    from convscope.errors import ConfigError
    from convscope.report.inside.page import write
    from convscope.runs.write import new_folder

    if len(inputs) != 1:
        raise ConfigError(f"--maps shows one input, found {len(inputs)}")
    if Path(inputs[0]).is_dir():
        raise ConfigError(f"--maps shows one input, and {inputs[0]} is a folder: name a file in it")
    temperature = 1.0 if flags.temperature is None else flags.temperature
    shape = image_shape(flags.input_)
    result = inside(network, inputs[0], node=flags.node, temperature=temperature, input_shape=shape)
    is_run = Path(network).is_dir()
    page = write(result, new_folder(out, "maps", *([Path(network)] if is_run else [Path()])))
    for note in result.notes:
        say_warning(note)
    if as_json:
        show_json(views.inside(result, page.parent))
        return 0
    rows = [
        (layer.node, layer.op, "×".join(map(str, layer.values.shape)), f"{layer.values.min():.4g}",
         f"{layer.values.max():.4g}", str(layer.silent or ""))
        for layer in result.layers
    ]  # fmt: skip
    screen.print(
        table(
            ("layer", "operation", "maps", "minimum", "maximum", "silent"),
            rows,
            right=("maps", "minimum", "maximum", "silent"),
        )
    )
    if result.components is not None:
        parts = result.components
        screen.print(
            f"{parts.node}: its maps are the sums of {len(parts.shown[0].parts)} filtered channels and a bias; largest "
            f"difference from PyTorch {parts.difference:.1e}, of numbers up to {parts.largest:.3g}",
            markup=False,
        )  # fmt: skip
    screen.print(f"\nwritten: {page}", markup=False)
    return 0
