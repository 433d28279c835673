"""What answers rest on: a run, a name or a module and its inputs in; maps with their verdicts out.

What stands above ``explain``: finding the network, reading the inputs, checking the methods, writing the files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.api.example import example_of
from convscope.api.inspect import is_run, open_network
from convscope.errors import ConfigError, DataError
from convscope.explaining.explanation import DEFAULT, Explanation
from convscope.report.explained.look import Look
from convscope.report.explained.ranked import ranked
from convscope.report.explained.write import ExplanationFolder, write
from convscope.runs.masks.pixel_size import PixelSize
from convscope.runs.write import new_folder

if TYPE_CHECKING:
    from convscope.explaining.checks.result import Checks
    from convscope.runs.explaining import Question
    from convscope.runs.run import Run
    from convscope.runs.verdicts import Effort, Verdicts

TOO_FEW = "nothing was checked: give two inputs or more, 32 are good"
RANDOM = "the weights of {} are random: its maps show the network, but nothing that was learned; see --pretrained"
SAID = 10  # inputs that an error names


def explain(
    network: Any,
    x: Any,
    method: str | Sequence[str] = DEFAULT,
    *,
    target: str | int | None = None,
    at: Sequence[int] | None = None,
    node: str | None = None,
    classes: Sequence[str] = (),
    baseline: Any = 0.0,
    pretrained: str | Path | None = None,
    checks: bool = False,
    out: str | Path | None = None,
) -> list[Explanation]:
    """Return what each answer rests on: for every input a map by each method, and what it was taken for.

    Args:
        network: a run or its folder, an ``nn.Module``, ``package.module:name``, or a name of ``convscope models``.
        x: for a run what ``predict`` takes: files, folders, arrays of raw pixels, texts, a split; for any other network
            its inputs (N, C, \\*space) float, tokens (N, L), or an image file, whose pixels are divided by 255.
        method: one or several of ``convscope.explaining.methods.METHODS``: gradcam, ig, gradient, guided, lrp ...
        target: the name or number of the output to explain; by default the answer's own.
        at: a place (row, column) of a mask; alone the pixel, with ``target`` the predicted region around it.
        node: the layer of class activation maps, as ``inspect`` names it; by default the last that has places.
        classes: names of the outputs of a network that is no run.
        pretrained: weights for a network of the list: a file, or "public"; x is then what ``predict`` takes, and is
            scaled as those weights ask for.
        baseline: the input that says nothing, one number or an array that broadcasts to x. A run has its own, and a
            network with ``pretrained`` weights takes 0: with either it is refused.
        checks: whether the methods are checked first, of a run on its held-out examples, else on x (at least two).
        out: a new folder for the page, pictures, arrays and the table.

    Raises:
        ConfigError: no such method, output, layer or network; no method that applies. ShapeError: an input that the
            network does not take. CheckpointError: weights that are NaN.

    A linear network's gradient is its weights:

    >>> import torch
    >>> layer = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(2, 1, bias=False))
    >>> _ = layer[1].load_state_dict({"weight": torch.tensor([[2.0, -3.0]])})
    >>> explain(layer, np.ones((1, 1, 2), np.float32), "gradient")[0]["gradient"].values.tolist()
    [2.0, 3.0]
    """
    from convscope.runs.explaining import Question
    from convscope.runs.verdicts import Effort

    job = opened(network, x, Question.of(method, target, at, node), classes, baseline, pretrained)
    # What is wrong with the question or with all inputs is said before anything is checked or written.
    refused = job.first().refused if checks or out is not None else {}
    job = job.checked(Effort(asked=True, without=refused)) if checks else job
    if out is None:
        return list(job.stream())
    return list(job.written(new_folder(out, "explained"), Look()))


@dataclass(frozen=True, eq=False)
class Job:
    """Something to be explained: ``stream`` yields the explanations, ``written`` writes their files as they come.

    ``remarks`` are what is to be told of all of them.
    """

    network: str
    methods: tuple[str, ...]
    stream: Callable[[], Iterator[Explanation]]
    check: Callable[[Effort], Verdicts]
    run: Run | None = None
    checks: Mapping[str, Checks] = field(default_factory=dict[str, "Checks"])
    remarks: tuple[str, ...] = ()

    def checked(self, effort: Effort) -> Job:
        """Return the same with the verdicts of its methods; see ``runs.verdicts``.

        Unless they are asked for, what cannot be checked is a remark.
        """
        result = self.check(effort)
        return self.with_checks(result.checks, result.remarks)

    def first(self) -> Explanation:
        """Return the explanation of the first input that can be read, to see that the question can be answered.

        Raises ``DataError`` where none can be read, with what is wrong with each, and as ``explain``.
        """
        problems: list[str] = []
        for each in self.stream():
            if each.error is None:
                return each
            problems.append(f"{each.input}: {each.error}")
        raise DataError(none_read(problems))

    def with_checks(self, checks: Mapping[str, Checks], remarks: Sequence[str]) -> Job:
        """Return the same, each map with the verdict of its method."""
        before = self.stream

        def stream() -> Iterator[Explanation]:
            return (each.with_verdicts(checks) for each in before())

        return replace(self, stream=stream, checks=checks, remarks=(*self.remarks, *remarks))

    def written(self, folder: Path, look: Look, pixel: tuple[float, str] | None = None) -> Iterator[Explanation]:
        """Write the files of each explanation into an existing folder, and yield it without its arrays."""
        rate = None if self.run is None else getattr(self.run.spec.preprocessing, "rate", None)
        size = pixel or (None if self.run is None else _pixel_of(self.run))
        into = ExplanationFolder(
            folder, self.methods, self.network, look, size, rate, ranked(tuple(self.checks.values())), self.remarks
        )
        return write(self.stream(), into)


def _without_baseline(baseline: Any, network: str) -> None:
    if not (isinstance(baseline, float | int) and baseline == 0):
        raise ConfigError(f"baseline is for a network that is given itself, and this is {network}; leave it out")


def none_read(problems: Sequence[str]) -> str:
    """Return what is said where no input can be read: the first problems, each on a line.

    >>> print(none_read(["a.png: not an image"]))
    the only input cannot be read:
      a.png: not an image
    """
    head = "the only input" if len(problems) == 1 else f"none of the {len(problems)} inputs"
    lines = [f"{head} {'cannot' if len(problems) == 1 else 'can'} be read:"] if problems else ["no input was found"]
    lines += [f"  {each}" for each in problems[:SAID]]
    return "\n".join([*lines, *([f"  and {len(problems) - SAID} more"] if len(problems) > SAID else [])])


def opened(
    network: Any,
    x: Any,
    question: Question | None = None,
    classes: Sequence[str] = (),
    baseline: Any = 0.0,
    pretrained: str | Path | None = None,
) -> Job:
    """Return what is to be explained, ready to be streamed; the other arguments are those of ``explain``."""
    from convscope.runs.explaining import Explainer, Question

    question = question or Question()
    if pretrained is not None:
        _without_baseline(
            baseline, "a network with pretrained weights: it takes 0, the mean of what these were made on"
        )
        return _with_weights(network, x, pretrained, question, classes)
    run = _run_of(network)
    if run is None:
        return _of_module(network, x, question, tuple(classes), baseline)
    if len(classes):
        raise ConfigError("classes are for networks that are no run: a run has its own")
    _without_baseline(baseline, "a run, which has its own")
    explainer = Explainer(run.predictor, question)

    def check(effort: Effort) -> Verdicts:
        from convscope.runs.verdicts import verdicts

        return verdicts(run, explainer, effort)

    remarks = (run.unfinished,) if run.unfinished else ()
    return Job(str(run.folder), question.names, lambda: explainer.explain(x), check, run, remarks=remarks)


def _run_of(network: Any) -> Run | None:
    """Return the run that is meant; ``None`` for another network."""
    if is_run(network):
        return network
    if isinstance(network, str | os.PathLike) and Path(network).is_dir():
        from convscope.runs.run import open_run

        return open_run(os.fspath(network))
    return None


def _with_weights(name: Any, x: Any, weights: str | Path, question: Question, classes: Sequence[str]) -> Job:
    """Return what is to be explained of a network of the list with weights of a file, or ``public`` ones."""
    from convscope.models import names
    from convscope.runs.explaining import Explainer
    from convscope.runs.published import published

    if not isinstance(name, str) or Path(name).is_dir():
        raise ConfigError(f"pretrained weights are for a network by its name, such as {names()[0]}; found {name}")
    network = published(name, weights, classes)
    explainer = Explainer(network.predictor, question)

    def check(effort: Effort) -> Verdicts:
        from convscope.runs.verdicts import verdicts_on

        return verdicts_on(explainer, x, effort)

    called = f"{name} with {Path(weights).name}"
    return Job(called, question.names, lambda: explainer.explain(x), check, remarks=network.notes)


def _of_module(network: Any, x: Any, question: Question, classes: tuple[str, ...], baseline: Any) -> Job:
    import torch

    from convscope.explaining.checks.checks import check_all
    from convscope.explaining.explained import Explained
    from convscope.explaining.finite import check_weights
    from convscope.models import names
    from convscope.runs.explaining import explanations, own_score

    name, model, inputs, raws = _inputs(network, x)
    check_weights(model)
    dtype = next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.float32)
    inputs = inputs.to(dtype) if inputs.is_floating_point() else inputs
    nothing = baseline if isinstance(baseline, float | int) else torch.as_tensor(baseline, dtype=dtype)
    explained = Explained(model, inputs, nothing, question.node)
    single = isinstance(x, str | os.PathLike)

    def stream() -> Iterator[Explanation]:
        rows = explanations(explained, None, question, classes)
        for row, each in enumerate(rows):
            yield replace(each, input=str(x) if single else f"[{row}]", raw=raws[row])

    def check(effort: Effort) -> Verdicts:
        from convscope.runs.verdicts import Verdicts

        if len(inputs) >= 2:
            methods = [each for each in question.methods if each.name not in effort.without]
            checks = check_all(methods, explained, own_score(explained, None))
            return Verdicts({each.method: each for each in checks})
        if effort.asked:
            raise ConfigError(TOO_FEW)
        return Verdicts({}, (TOO_FEW,))

    untrained = (RANDOM.format(name),) if isinstance(network, str) and network in names() else ()
    return Job(name, question.names, stream, check, remarks=untrained)


def _inputs(network: Any, x: Any) -> tuple[str, Any, Any, list[np.ndarray | None]]:
    """Return a network's name, the module, its inputs (N, ...), and of each what is shown of it, channels last."""
    import torch

    if isinstance(x, str | os.PathLike):
        example = example_of(network, x)
        inputs = torch.as_tensor(np.asarray(example.arrays[0]))
        assert example.scaling is not None
        return example.network.name, example.model, inputs, [np.moveaxis(example.scaling.raw, 0, -1)]
    try:
        inputs = torch.as_tensor(x)
    except (TypeError, ValueError, RuntimeError):
        raise DataError(f"expected inputs (N, C, ...) as an array or a tensor, found {type(x).__name__}") from None
    if inputs.ndim < 2 or not len(inputs):
        raise DataError(f"expected inputs (N, ...), at least one, found {tuple(inputs.shape)}; one is given as x[None]")
    network = open_network(network, tuple(inputs.shape[1:]) if inputs.is_floating_point() else inputs[:1])
    if network.model is None:
        raise ConfigError("a graph has no gradients of PyTorch: give the module")
    shown = inputs.detach().cpu().float().numpy()
    floats = inputs.is_floating_point() and inputs.ndim > 2
    return (
        network.name,
        network.model,
        inputs.detach(),
        [np.moveaxis(each, 0, -1) if floats else None for each in shown],
    )


def _pixel_of(run: Run) -> tuple[float, str] | None:
    """Return the size of a pixel of a run's images, with its unit, where the run knows it."""
    spacing, unit = getattr(run.spec.target, "spacing", ()), getattr(run.spec.target, "unit", "")
    return (float(next(reversed(spacing))), unit) if spacing and unit else None


def pixel_size_of(text: str | None) -> tuple[float, str] | None:
    """Read the size of a pixel, such as "0.5 um"; ``ConfigError`` for anything else."""
    if text is None:
        return None
    size = PixelSize.read(text)
    return float(size.of_axes(2)[-1]), size.unit
