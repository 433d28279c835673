"""A finished run, opened from its folder: what it was, what it scored, and its network, ready to predict."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import safe_open
from torch import nn

from convscope.cards import card
from convscope.data.dataset import Data, Split
from convscope.data.decode import MAX_PIXELS
from convscope.data.given import Images
from convscope.data.names import repeated
from convscope.data.spec import names_of
from convscope.data.transforms import Form
from convscope.errors import CheckpointError, ConfigError, ShapeError, quoted
from convscope.explaining.explanation import DEFAULT, Explanation
from convscope.models import entry, own
from convscope.models.tensors import checked
from convscope.runs import files
from convscope.runs.averaging import Averaging
from convscope.runs.checksum import noted
from convscope.runs.evaluate import evaluate
from convscope.runs.explaining import Explainer, Question
from convscope.runs.folder import (
    compared_of,
    read_config,
    read_header,
    read_metrics,
    read_table,
    read_weights,
)
from convscope.runs.model_spec import ModelSpec
from convscope.runs.prediction import SHOWN, Prediction
from convscope.runs.predictor import Predictor
from convscope.runs.tiles import Tiles
from convscope.tasks.scores import About
from convscope.text import listed
from convscope.training.plan import Plan

if TYPE_CHECKING:
    from convscope.runs.layer_units import LayerUnits


@dataclass(frozen=True, repr=False)
class Run:
    """A run folder: ``spec`` says what the network is, ``plan`` and ``source`` how and on what it was trained."""

    folder: Path
    spec: ModelSpec
    plan: Plan
    source: str

    def __repr__(self) -> str:
        figures = self._figures
        main = next(iter(self.spec.does.compared))
        said = f"{main.replace('_', ' ')} {_plain(figures[main])} on {figures['split']}" if figures else "not finished"
        return f"<run {self.folder}: {self.spec.model} on {self.source}, {said}>"

    def _repr_html_(self) -> str:
        figures = self._figures
        rows: dict[str, object] = {
            "network": f"{self.spec.model}, {self.weights:,} weights",
            "data": f"{self.source}: {listed(names_of(self.spec.target), SHOWN)}",
            "epochs": self.plan.epochs,
        }
        for name in self.about if figures else ():
            low, high = (figures[name][end] for end in ("low", "high"))
            spread = "" if low is None else f" ({low:.4f} to {high:.4f})"
            rows[f"{name.replace('_', ' ')}, {figures['split']}"] = f"{_plain(figures[name])}{spread}"
        return card(str(self.folder), {**rows, "report": self.report} if figures else rows)

    @property
    def about(self) -> dict[str, About]:
        """What the figures mean that the run has and is compared by, the main one first, in the units of the target."""
        described = self.metrics["metrics"]
        return {
            name: replace(About(**described[name]), limits=about.limits)
            for name, about in compared_of(self.metrics, self.spec.task).items()
        }

    @property
    def unfinished(self) -> str:
        """What is to be said of a run whose training has not ended, "" of any other."""
        if (self.folder / files.METRICS).exists():
            return ""
        return (
            f"the training of {self.folder} has not ended: these are the best weights so far; finish it with: "
            f"convscope train --resume {quoted(self.folder)}"
        )

    @property
    def _figures(self) -> dict[str, Any]:
        """The final figures, empty where the run is not finished."""
        return {} if self.unfinished else self.metrics

    @property
    def weights(self) -> int:
        """How many weights were saved, batch norm's statistics included; the network itself is not built for it."""
        with safe_open(self.folder / files.WEIGHTS, "pt") as file:
            return sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118

    @property
    def report(self) -> Path:
        """The report page."""
        return self.folder / files.REPORT

    @property
    def metrics(self) -> dict[str, Any]:
        """The final figures; ``CheckpointError`` while there are none of the weights in the folder."""
        return read_metrics(self.folder)

    @property
    def environment(self) -> dict[str, Any]:
        """Versions, machine, and the weights' checksum; empty where the file is gone."""
        return noted(self.folder)

    @property
    def epochs(self) -> dict[str, np.ndarray]:
        """The epoch table, as columns."""
        return read_table(self.folder / files.EPOCHS)

    @property
    def steps(self) -> dict[str, np.ndarray]:
        """The step table, as columns."""
        return read_table(self.folder / files.STEPS)

    @property
    def code_has_changed(self) -> bool:
        """Whether the network's own code stands in a file that has changed since the run began."""
        began = self.environment.get("code")
        return bool(began and self.spec.source is None and own.file_of(self.spec.model)["sha256"] != began["sha256"])

    @cached_property
    def model(self) -> nn.Module:
        """The network with its trained weights, in evaluation mode."""
        try:
            model = self.spec.build()
        except ConfigError as error:
            if own.is_own(self.spec.model):
                was = self.environment.get("code", {}).get("file")
                where = f" (when it was trained, its code was {was})" if was else ""
                raise CheckpointError(f"{self.folder}: its network cannot be built: {error}{where}") from error
            raise CheckpointError(
                f"{self.folder / files.WEIGHTS}: the network that it names cannot be built: {error}"
            ) from error
        except (ShapeError, RuntimeError, MemoryError, TypeError, ValueError) as error:  # sizes and options of no run
            reason = str(error).partition("\n")[0] or type(error).__name__
            raise CheckpointError(
                f"{self.folder / files.WEIGHTS}: the network that it names cannot be built: {reason}; take another copy"
            ) from error
        weights = checked(self.folder / files.WEIGHTS, read_weights(self.folder), model.state_dict())
        try:
            model.load_state_dict(weights)
        except RuntimeError as error:
            _, *differences = (line.strip() for line in str(error).splitlines())  # below a heading, behind tabs
            file = self.environment.get("code", {}).get("file")
            raise CheckpointError(
                f"{self.folder / files.WEIGHTS} does not fit the network {self.spec.model!r}: {' '.join(differences)}"
                + (f" Has its code changed since it was trained ({file})?" if file else "")
            ) from error
        return model.eval()

    @cached_property
    def predictor(self) -> Predictor:
        """The network with all that turns an input into an answer, which needs no folder."""
        return Predictor(
            self.model,
            self.spec.preprocessing,
            self.spec.does,
            self.spec.target,
            Form(channels_last=entry(self.spec.model).channels_last, plain=own.is_own(self.spec.model)),
            max_pixels=self.plan.max_pixels or MAX_PIXELS,
        )

    def averaging(self, copies: int) -> Averaging | None:
        """Return test-time averaging over ``copies`` of the training augmentation, or ``None`` for none (0).

        Raises ``ConfigError`` for a number that makes no sense, and where no copy would differ.
        """
        places = self.spec.does.restore is not None or self.spec.output.space is not None
        return Averaging.of(self.plan.augment, copies, self.plan.seed, places=places)

    def predict(
        self, inputs: Images | Iterable[Images], *, tta: int = 0, amp: bool = False, tiles: Tiles = "auto"
    ) -> list[Prediction]:
        """Return one prediction per image; ``inputs`` are what ``Predictor.predict`` takes.

        ``tta`` averages over that many augmented copies; ``amp`` computes in bfloat16, see ``Predictor.network``;
        ``tiles`` says how large images are divided for a network that predicts every pixel, see ``TiledNetwork``.
        """
        return self.predictor.predict(inputs, average=self.averaging(tta), amp=amp, tiles=tiles)

    def stream(
        self, inputs: Images | Iterable[Images], *, tta: int = 0, amp: bool = False, tiles: Tiles = "auto"
    ) -> Iterator[Prediction]:
        """Return what ``predict`` does, one after the other: for more images than memory has room for."""
        examples = self.predictor.examples(inputs)
        return self.predictor.stream(examples, average=self.averaging(tta), amp=amp, tiles=tiles)

    def explain(
        self,
        inputs: Images | Iterable[Images],
        method: str | Sequence[str] = DEFAULT,
        *,
        target: str | int | None = None,
        at: Sequence[int] | None = None,
        node: str | None = None,
        checks: bool = False,
    ) -> list[Explanation]:
        """Return what the answer to each input rests on, by one or several methods; ``convscope.explain`` says more.

        ``checks`` checks the methods on held-out examples, once for a run, for the verdicts of the maps.
        """
        from convscope.runs.verdicts import Effort, verdicts

        explainer = Explainer(self.predictor, Question.of(method, target, at, node))
        of_methods = verdicts(self, explainer, Effort(asked=True)).checks if checks else {}
        return [each.with_verdicts(of_methods) for each in explainer.explain(inputs)]

    def units(
        self,
        node: str | None,
        channels: Sequence[int],
        example: Images | None = None,
        *,
        at: Sequence[int] | None = None,
    ) -> LayerUnits:
        """Return what units of a layer see and look for: fields, the patches they answer most, pictures made for them.

        Args:
            node: the layer, as ``inspect`` names it; ``None``: the output.
            channels: which of its channels, at most 16.
            example: an image or a signal to lay the fields over; by default the one that the channel answers most.
            at: the unit's place in the layer, (row, column) or (step,); by default the one in the middle.

        Patches are of the split that the run is judged by, and cut by what the unit sees exactly. Where the run's set
        cannot be read, that stands in ``notes`` and there are only fields.

        Raises:
            ConfigError: no such layer, with the nearest names, a place in a layer without places, or a network of texts
                or volumes. ShapeError: no such channel or place, with the valid range. DataError: an example that
                cannot be read. CheckpointError: weights that are NaN.
        """
        from convscope.runs.units import layer_units

        return layer_units(self, node, channels, example, at=at)

    def predictions(self, split: Split, *, tta: int = 0, amp: bool = False, tiles: Tiles = "auto") -> np.ndarray:
        """Return the predictions (N, ...) for the examples of a split: of classes their probabilities (N, K)."""
        return self.predictor.predictions(split, average=self.averaging(tta), amp=amp, tiles=tiles)

    probabilities = predictions  # what they are called where classes are learned

    def score(
        self, split: Split, *, tta: int = 0, amp: bool = False, tiles: Tiles = "auto"
    ) -> tuple[dict[str, Any], np.ndarray]:
        """Return the figures of merit on one split, with intervals, and the predictions (N, ...) behind them."""
        predictions = self.predictions(split, tta=tta, amp=amp, tiles=tiles)
        options = self.plan.options if self.plan.task == self.spec.task else self.spec.does.options()
        scores = self.spec.does.score(split.target, predictions, self.spec.target, options, split.groups)
        if self.spec.does.examined is not None:
            scores = self.spec.does.examined(self.model, self.predictor.tensor, split, self.spec.target, scores)
        return scores.to_dict(), predictions

    def evaluate(
        self, data: str | Path | Data | None = None, *, split: str | None = None, tta: int = 0, **options: Any
    ) -> dict[str, Any]:
        """Return the figures of merit on this run's own set or on another one; see ``runs.evaluate.evaluate``."""
        return evaluate(self, data, split=split, tta=tta, **options)


def _plain(estimate: dict[str, Any]) -> str:
    return "" if estimate["value"] is None else f"{estimate['value']:.4f}"


def open_run(folder: str | Path, model: nn.Module | Callable[..., nn.Module] | None = None) -> Run:
    """Open a run folder; ``CheckpointError`` says what is missing or damaged.

    The network is built when it is first needed. Where it is code of one's own, that code is imported and run then; a
    network that was given as an object has to be given again, as ``model``, of which a copy gets the run's weights.
    """
    folder = Path(folder)
    files.check_is_run(folder)
    if not (folder / files.WEIGHTS).exists():
        if (folder / files.METRICS).exists():
            raise CheckpointError(
                f"{folder / files.WEIGHTS}, the trained weights, is missing; put back a copy, or write it again with: "
                f"convscope train --resume {quoted(folder)}"
            )
        raise CheckpointError(
            f"{folder} has no {files.WEIGHTS} yet: its training has not finished an epoch; "
            f"resume with: convscope train --resume {quoted(folder)}"
        )
    source, plan = read_config(folder / files.CONFIG)
    spec = ModelSpec.from_header(read_header(folder))
    if twice := repeated(names_of(spec.target)):
        raise CheckpointError(
            f"{folder / files.WEIGHTS} gives two {spec.target.kind} one name ({listed(twice)}), so that its "
            "answers could mean either; train again, each with a name of its own"
        )
    return Run(folder, replace(spec, source=given_again(model, spec.model, folder)), plan, source)


def given_again(model: own.Source | None, name: str, folder: Path) -> own.Source | None:
    """Return the network that was given beside a run's folder; ``ConfigError`` where the run needs none."""
    if model is None:
        return None
    if not own.is_own(name):
        raise ConfigError(f"{folder} is a run of {name!r}, which convscope builds itself: leave model out")
    if isinstance(model, str) and own.is_object(model):
        raise ConfigError(f"{model!r} is the name of an object: give the object itself")
    own.name_of(model)  # refuses what is no network
    return model
