"""Writing a run folder: every file whole or not at all, so that a crash or a full disk spoils nothing already there."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tomli_w
from safetensors.torch import save
from torch import Tensor

from convscope import atomic
from convscope.data.dataset import Data, Split
from convscope.data.spec import TargetSpec
from convscope.errors import ConfigError, quoted
from convscope.models import own
from convscope.models.header import KEY
from convscope.plain import plain
from convscope.runs import files
from convscope.runs.model_spec import ModelSpec
from convscope.training.checkpoint import State, save_error, write_state
from convscope.training.history import History
from convscope.training.plan import Plan

BLOCK = 8192  # examples whose lines are in memory together
PROBE = ".write-test"  # made and removed in a new folder, to see that it can be written


def write_file(path: Path, content: str | bytes) -> None:
    """Replace a file, whole or not at all; what fails is a ``SaveError``."""
    payload = content.encode() if isinstance(content, str) else content
    try:
        atomic.write(path, payload)
    except OSError as error:
        raise save_error(path, len(payload), error, _trained(path)) from error


def _trained(path: Path) -> Path | None:
    """Return the run folder whose training writes a file; ``None`` for what other commands put there, or elsewhere."""
    return path.parent if path.name in files.OF_TRAINING and (path.parent / files.CONFIG).exists() else None


def write_files(folder: Path, contents: Mapping[str, str | Iterable[str]]) -> None:
    """Replace several files of a folder by texts, or by their pieces: all of them, or (``SaveError``) none."""
    known = sum(len(text) for text in contents.values() if isinstance(text, str))
    pieces = {
        folder / name: (text.encode() for text in ([text] if isinstance(text, str) else text))
        for name, text in contents.items()
    }
    try:
        atomic.write_together(pieces)
    except OSError as error:
        raise save_error(folder, known, error, folder if (folder / files.CONFIG).exists() else None) from error


def folder_word(model: str) -> str:
    """Return what to call a network in the name of a folder.

    >>> folder_word("timm:resnet18"), folder_word("mynet:MyNet"), folder_word("MyNet()")
    ('timm-resnet18', 'mynet-MyNet', 'MyNet')
    """
    return model.replace(":", "-").replace("/", "-").removesuffix("()")


def new_folder(out: str | Path | None, name: str, inside: Path = Path("runs")) -> Path:
    """Create and return a folder: ``out``, or NAME ``inside`` another, with a number behind it where that is taken.

    Raises ``ConfigError`` where ``out`` holds something already and ``SaveError`` where it cannot be created.
    """
    if out is not None:
        folder = Path(out)
        refuse_taken(folder)
    else:
        base, number = inside / name, 2
        folder = base
        while folder.exists():
            folder, number = base.with_name(f"{name}-{number}"), number + 1
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / PROBE
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise save_error(folder, 0, error) from error
    return folder


def refuse_taken(folder: Path) -> None:
    """Raise ``ConfigError`` where a folder holds something already."""
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file; choose another --out")
    # What a training leaves that was killed before its first file is no reason.
    if folder.exists() and any(at.suffix != ".new" and at.name != PROBE for at in folder.iterdir()):
        go_on = f", or resume with --resume {quoted(folder)}" if (folder / files.CONFIG).exists() else ""
        raise ConfigError(f"{folder} is not empty; choose another --out{go_on}")


def config_text(plan: Plan, source: str) -> str:
    """Return the TOML text that repeats a run, from any folder, when fed to ``--config``."""
    values = plan.to_dict()
    if Path(source).exists():
        source = str(Path(source).resolve())
    if plan.pretrained is not None and Path(plan.pretrained).exists():
        values["pretrained"] = str(Path(plan.pretrained).resolve())
    tables = {name: values.pop(name) for name in ("set", "stages") if values.get(name)}  # TOML has them last
    values.pop("set", None)
    return _said_of_code(plan.model) + tomli_w.dumps({"data": source, **values, **tables})


def _said_of_code(model: str) -> str:
    """Return what a reader of the settings must know of a network that is code of its user's own, as a comment."""
    if own.is_object(model):
        return "# The network was given as an object in Python: give it again, as model=... of open_run or resume.\n"
    return f"# The network is {own.WARNING}.\n" if own.is_own(model) else ""


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV text under a header, if there is one."""
    lines: list[str] = []
    writer = csv.writer(_Lines(lines), lineterminator="\r\n")  # which has it quote both characters within a cell
    if header:
        writer.writerow(header)
    writer.writerows(rows)
    return "".join(lines)


@dataclass(frozen=True)
class _Lines:
    """What a CSV writer writes a line at a time, each ended as elsewhere in a run folder."""

    lines: list[str]

    def write(self, line: str) -> None:
        self.lines.append(line.removesuffix("\r\n") + "\n")


def split_text(data: Data) -> Iterator[str]:
    """Yield, as CSV, which example is in which split, with its target, its group, and a hash of its content."""
    yield csv_text(("id", "split", "label", "group", "content"), ())
    for split in data.splits:
        for first in range(0, len(split), BLOCK):
            yield _rows_text(split[first : first + BLOCK])


def _rows_text(split: Split) -> str:
    rows = (
        (
            str(i),
            split.name,
            words,
            "" if split.groups is None else str(split.groups[at]),
            "" if split.content is None else split.content[at].tobytes().hex(),
        )
        for at, (i, words) in enumerate(zip(split.ids, split.target_words, strict=True))
    )
    return csv_text((), rows)


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write plain values as JSON; what is not a finite number becomes null."""
    write_file(path, json_text(values))


def json_text(values: dict[str, Any]) -> str:
    """Return plain values as JSON text; what is not a finite number becomes null."""
    return json.dumps(plain(values), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


@dataclass(frozen=True)
class RunSink:
    """The loop's ``CheckpointSink``: the chosen weights in ``model.safetensors``, the resume state in ``last/``."""

    folder: Path
    spec: ModelSpec

    def keep_state(self, state: State) -> None:
        """Replace the resume state, and the tables of epochs and steps that people follow a run by."""
        write_state(self.folder / files.STATE, state)
        history = History(tuple(state.facts["logged"]), [state.tensors["steps"].numpy()], state.facts["epochs"])
        self.write_history(history)

    def write_history(self, history: History) -> None:
        """Replace the tables of epochs and steps."""
        write_file(self.folder / files.STEPS, history.steps_csv())
        write_file(self.folder / files.EPOCHS, history.epochs_csv())  # last: who sees an epoch finds its steps

    def keep_weights(self, weights: dict[str, Tensor], epoch: int) -> None:
        """Replace the chosen weights by those of ``epoch``."""
        self._write(weights, epoch)

    def keep_target(self, target: TargetSpec) -> RunSink:
        """Say in the file of the chosen weights what was decided of the target since; return who keeps on so."""
        from safetensors import safe_open

        with safe_open(self.folder / files.WEIGHTS, "pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            epoch = json.loads(file.metadata()[KEY])["epoch"]
        decided = replace(self, spec=replace(self.spec, target=target))
        decided._write(weights, epoch)
        return decided

    def _write(self, weights: dict[str, Tensor], epoch: int) -> None:
        # One metadata key: several would be written in an order that changes from run to run.
        payload = save(weights, metadata={KEY: json.dumps({**self.spec.to_dict(), "epoch": epoch})})
        write_file(self.folder / files.WEIGHTS, payload)
