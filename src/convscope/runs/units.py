"""What units of a layer of a run see and look for: a layer and channels in; fields, patches and pictures out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from convscope.analysis.effective_field import EffectiveField
from convscope.data.decode import limited
from convscope.data.decode.encoded import Unreadable
from convscope.data.pictures import Display
from convscope.data.sequences.first_window import first_window
from convscope.data.transforms import ImageTransform, LogMelTransform, SignalTransform
from convscope.errors import ConfigError, DataError, Error, ShapeError
from convscope.explaining.activation_maximisation import Maximised, maximise_activation
from convscope.explaining.effective_field import unit_field
from convscope.explaining.explained import Explained
from convscope.explaining.finite import check_weights
from convscope.explaining.targets import names_of_outputs
from convscope.explaining.top_patches import TopPatches, patches_of_channels
from convscope.explaining.units import Units, seen_area, units_of
from convscope.graph import Graph, Node
from convscope.runs.explanation_checks import checked_rows
from convscope.runs.held_inputs import HeldInputs, held_inputs
from convscope.runs.layer_units import ChannelUnits, LayerUnits, TopExample
from convscope.text import count

if TYPE_CHECKING:
    from convscope.runs.run import Run

FEW, MEASURED = 256, 32  # examples that pictures are compared with, and that effective fields are measured on
MOST = 16  # channels of a page
STEPS = 100  # of a signal, where nothing says how long signals are
Progress = Callable[[str, int, int], None]  # what is done, how much of it, of how much


def layer_units(
    run: Run,
    node: str | None,
    channels: Sequence[int],
    example: Any = None,
    *,
    at: Sequence[int] | None = None,
    progress: Progress = lambda what, done, total: None,
) -> LayerUnits:
    """Return what some channels of a layer see and look for; ``Run.units`` says more."""
    check_weights(run.model)
    _check_asked(run, channels)
    held, problem = _held(run)
    given = None if example is None else _given(run, example)
    x = held.some if held is not None else given.x if given is not None else _noise(run)
    explained = Explained(run.model, x)
    looked_at = explained if given is None or given.x.shape[1:] == x.shape[1:] else explained.of(given.x)
    with units_of(looked_at, node) as units:
        numbers = tuple(units.checked(channel) for channel in channels)
        layer, place = units.node, _place(units, at)
        notes = [problem] if problem else []
    top: list[tuple[TopExample, ...]] = [()] * len(numbers)
    maximised, inputs = None, 0
    if held is not None:
        top, inputs, told = _top(run, held, explained, layer, numbers, progress)
        notes += [*held.warnings, *told]
        made = partial(progress, f"making {count(len(numbers), 'picture')}")
        maximised = maximise_activation(_middle(run, explained), numbers, layer.name, progress=made)
    some = looked_at.rows(torch.from_numpy(checked_rows(len(looked_at.x), MEASURED)))
    names = _names(run, looked_at, layer)
    seen_by: list[ChannelUnits] = []
    for done, (number, of_channel) in enumerate(zip(numbers, top, strict=True), 1):
        effective, told = _effective(some, layer.name, (number, *place))
        notes += told
        below = given or _whole(run, held, of_channel)
        area = seen_area(_graph(looked_at), layer, (number, *place))
        under, name = (None, "") if below is None else (_raw(run, below.x)[0], below.id)
        seen_by.append(ChannelUnits(number, names.get(number, ""), area, effective, under, name, of_channel))
        progress("measuring fields", done, len(numbers))
    measured = (
        "1 input, random numbers" if held is None and given is None
        else f"{given.id.rpartition('/')[2]} alone" if given is not None and looked_at.x is given.x
        else count(len(some.x), f"{held.name if held is not None else ''} example".strip())
    )  # fmt: skip
    return LayerUnits(
        str(run.folder), layer.name, layer.op, place, tuple(seen_by), measured,
        "" if held is None else held.name, inputs, maximised, _pictures(run, maximised), _display(run, x), tuple(notes),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Shown:
    """An example, (1, C, *space) as the network takes it, and what it is called."""

    x: Tensor
    id: str


def _middle(run: Run, explained: Explained) -> Explained:
    """Return the inputs for pictures: of large images the middle, where the network was trained on such parts."""
    rule = run.spec.preprocessing
    if not isinstance(rule, ImageTransform) or rule.part is None:
        return explained
    x = explained.x
    for axis, most in enumerate(rule.part, 2):
        side = min(x.shape[axis], most)
        x = x.narrow(axis, (x.shape[axis] - side) // 2, side)
    return explained if x.shape == explained.x.shape else explained.of(x)


def _check_asked(run: Run, channels: Sequence[int]) -> None:
    rule = run.spec.preprocessing
    if not isinstance(rule, ImageTransform | SignalTransform | LogMelTransform):
        raise ConfigError(f"units are shown of networks of images and of signals; {run.folder} takes {rule.kind}s")
    if not channels or len(channels) > MOST:
        raise ConfigError(f"expected 1 to {MOST} channels of the layer, such as 0,3,7, found {len(channels)}")
    if len(set(channels)) < len(channels):
        raise ConfigError(f"expected channels that differ, found {', '.join(map(str, channels))}")


def _held(run: Run) -> tuple[HeldInputs | None, str]:
    """Return the examples that the run is judged by, or why there are none."""
    try:
        return held_inputs(run, FEW), ""
    except Error as problem:
        left_out = "so there are no patches of examples and no pictures to compare with them, only fields"
        return None, f"the run's own set could not be read, {left_out}: {problem}"


def _given(run: Run, example: Any) -> Shown:
    """Return the example that fields are laid over; ``DataError`` for one that cannot be read, or several."""
    rule, found = run.spec.preprocessing, list(run.predictor.examples(example))
    if len(found) != 1:
        raise DataError(f"units are laid over one input, found {len(found)}")
    with limited(run.predictor.max_pixels):
        stored = found[0].stored(rule)
    if isinstance(stored, Unreadable):
        raise DataError(f"{found[0].name} {stored}")
    return Shown(run.predictor.tensor(np.array(first_window(stored.values, rule))[None]), found[0].name)


def _noise(run: Run) -> Tensor:
    """Return random numbers of the size and the spread of the inputs that the network was trained on."""
    rule = run.spec.preprocessing
    signals = isinstance(rule, SignalTransform)
    shape = (rule.channels, rule.window or rule.length or STEPS) if signals else run.spec.input.shape
    return torch.randn([1, *(size or STEPS for size in shape)], generator=torch.Generator().manual_seed(0))


def _place(units: Units, at: Sequence[int] | None) -> tuple[int, ...]:
    """Return a place of a layer, by default the one in the middle; ``ShapeError`` with the range for another one."""
    places = units.places
    if at is None:
        return tuple(size // 2 for size in places)
    where = ", ".join(map(str, at))
    if not places:
        raise ConfigError(f"{units.node.name} {units.node.shape} has no places, so no unit at {where}; leave it out")
    if len(at) != len(places) or not all(0 <= i < size for i, size in zip(at, places, strict=True)):
        valid = ", ".join(f"0..{size - 1}" for size in places)
        raise ShapeError(f"{units.node.name} has no unit at {where}; valid is {valid}")
    return tuple(at)


def _top(
    run: Run, held: HeldInputs, explained: Explained, layer: Node, channels: tuple[int, ...], progress: Progress
) -> tuple[list[tuple[TopExample, ...]], int, list[str]]:
    """Return the top patches of each channel, of how many examples, and what is to be told of them."""
    rows: list[int] = []
    looked = partial(progress, f"looking at {held.name} examples")
    results = patches_of_channels(explained, layer.name, channels, held.batches(rows, looked))
    told: list[str] = []
    if len(rows) < len(held.split):
        told.append(
            f"patches are of {count(len(rows), 'example')} of one size; {len(held.split) - len(rows)} have another"
        )
    silent = [str(each.channel) for each in results if layer.op == "relu" and each.patches[0].value <= 0]
    if silent:
        where = f"in the channels {', '.join(silent)}"
        told.append(f"{layer.name} is 0 for all {held.name} examples {where}: their patches show nothing")
    return [_examples(run, held, each, rows) for each in results], len(rows), told


def _examples(run: Run, held: HeldInputs, result: TopPatches, rows: Sequence[int]) -> tuple[TopExample, ...]:
    found = [rows[patch.row] for patch in result.patches]
    learned = held.split.dataset
    named = bool(learned.targets) and learned.target_kind not in ("mask", "instances")
    labels = held.split[found].target_words if named else [""] * len(found)
    raws = (_raw(run, torch.from_numpy(patch.pixels[None]))[0] for patch in result.patches)
    return tuple(
        TopExample(patch, str(held.split.ids[row]), label, raw)
        for patch, row, label, raw in zip(result.patches, found, labels, raws, strict=True)
    )


def _whole(run: Run, held: HeldInputs | None, top: Sequence[TopExample]) -> Shown | None:
    """Return the whole example of the first of some patches."""
    if held is None or not top:
        return None
    row = int(np.flatnonzero(held.split.ids == top[0].id)[0])
    return Shown(held.input(row), top[0].id)


def _effective(some: Explained, node: str, at: tuple[int, ...]) -> tuple[EffectiveField | None, list[str]]:
    """Return the effective field of a unit that is there; of one that no input moves what is to be told."""
    try:
        return unit_field(some, node, at).effective, []
    except ShapeError as problem:
        return None, [str(problem)]


def _names(run: Run, explained: Explained, layer: Node) -> dict[int, str]:
    """Return what the channels of the output are called; of another layer nothing."""
    names = names_of_outputs(run.spec.target)
    is_output = layer.name in _graph(explained).outputs.values() and len(names) == layer.shape[1]
    return dict(enumerate(names)) if is_output else {}


def _graph(explained: Explained) -> Graph:
    assert explained.graph is not None  # units_of has refused it
    return explained.graph


def _raw(run: Run, x: Tensor) -> np.ndarray:
    """Return inputs (N, C, *space) in the units of the data; spectrograms stay as the network takes them."""
    rule = run.spec.preprocessing
    return x.cpu().numpy() if isinstance(rule, LogMelTransform) else np.moveaxis(rule.undo(x), -1, 1)


def _pictures(run: Run, maximised: Maximised | None) -> np.ndarray | None:
    return None if maximised is None else _raw(run, torch.from_numpy(maximised.pictures))


def _display(run: Run, x: Tensor) -> Display | None:
    return Display.of(_raw(run, x)) if x.ndim == 4 else None
