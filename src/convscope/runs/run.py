"""A finished run, opened from its folder: what it was, what it scored, and its network, ready to predict."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from torch import nn

from convscope.cards import card
from convscope.data.augment import Policy
from convscope.data.dataset import Data, Split
from convscope.data.decode import MAX_PIXELS, limited
from convscope.data.given import Images, held
from convscope.data.loader import Normaliser
from convscope.data.names import repeated
from convscope.data.sizing import Brought
from convscope.errors import CheckpointError, ConfigError, ShapeError, quoted
from convscope.models import entry, own
from convscope.models.tensors import checked
from convscope.runs import files
from convscope.runs.checksum import noted
from convscope.runs.evaluate import evaluate
from convscope.runs.folder import check_is_run, read_config, read_header, read_metrics, read_table, read_weights
from convscope.runs.model_spec import ModelSpec
from convscope.runs.predict import BATCH, Averaging, compare, probabilities
from convscope.runs.prediction import SHOWN, Prediction
from convscope.tasks.registry import task
from convscope.text import listed
from convscope.training.accelerate import inference_model
from convscope.training.plan import Plan

FIGURES = ("accuracy", "balanced_accuracy", "log_loss")
MOST_COPIES = 1_000  # of an image, to average over: far more than change the mean


@dataclass(frozen=True, repr=False)
class Run:
    """A run folder: ``spec`` says what the network is, ``plan`` and ``source`` how and on what it was trained."""

    folder: Path
    spec: ModelSpec
    plan: Plan
    source: str

    def __repr__(self) -> str:
        figures = self._figures
        said = f"accuracy {figures['accuracy']['value']:.4f} on {figures['split']}" if figures else "not finished"
        return f"<run {self.folder}: {self.spec.model} on {self.source}, {said}>"

    def _repr_html_(self) -> str:
        figures = self._figures
        rows: dict[str, object] = {
            "network": f"{self.spec.model}, {self.weights:,} weights",
            "data": f"{self.source}: {listed(self.spec.classes, SHOWN)}",
            "epochs": self.plan.epochs,
        }
        for name in FIGURES if figures else ():
            value, low, high = (figures[name][part] for part in ("value", "low", "high"))
            spread = "" if low is None else f" ({low:.4f} to {high:.4f})"
            rows[f"{name.replace('_', ' ')}, {figures['split']}"] = "" if value is None else f"{value:.4f}{spread}"
        return card(str(self.folder), {**rows, "report": self.report} if figures else rows)

    @property
    def _figures(self) -> dict[str, Any]:
        """The final figures, empty where the run is not finished."""
        return self.metrics if (self.folder / files.METRICS).exists() else {}

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

    def answering(self, pixels: np.ndarray, rows: np.ndarray, *, amp: bool = False) -> nn.Module:
        """Return the form of the network that answers fastest, equal to ``model`` up to rounding.

        With ``amp`` it computes in bfloat16; ``ConfigError`` where that gives more than 2 % of the first of the raw
        images ``pixels[rows]`` another class.
        """
        if not amp:
            return self._exact
        if not self._compared:
            compare(self._exact, self._in_bfloat16, pixels, rows, self.normaliser)
            self._compared.append(True)
        return self._in_bfloat16

    @cached_property
    def _exact(self) -> nn.Module:
        return inference_model(self.model, channels_last=entry(self.spec.model).channels_last)

    @cached_property
    def _in_bfloat16(self) -> nn.Module:
        return inference_model(self.model, channels_last=entry(self.spec.model).channels_last, amp=True)

    @cached_property
    def _compared(self) -> list[bool]:
        return []

    @property
    def normaliser(self) -> Normaliser:
        """From raw images to the network's input."""
        model = self.spec.model
        return Normaliser(self.spec.preprocessing, channels_last=entry(model).channels_last, plain=own.is_own(model))

    def averaging(self, copies: int) -> Averaging | None:
        """Return test-time averaging over ``copies`` of the training augmentation, or ``None`` for none (0).

        Raises ``ConfigError`` for a number that makes no sense, and where no copy would differ.
        """
        if not 0 <= copies <= MOST_COPIES:
            raise ConfigError(f"--tta: expected 0 (no average) to {MOST_COPIES:,} copies of each image, got {copies:,}")
        if not copies:
            return None
        words = self.plan.augment
        policy = Policy.parse(words).for_inference()
        if str(policy) == "none":
            trained = f"with {words}, which only spoils or blends images" if words != "none" else "without augmentation"
            raise ConfigError(
                f"--tta: this run was trained {trained}, so there is nothing to average over; leave it out"
            )
        return Averaging(policy, copies, self.plan.seed)

    def predict(self, inputs: Images | Iterable[Images], *, tta: int = 0, amp: bool = False) -> list[Prediction]:
        """Return one prediction an image.

        ``inputs`` are image files, folders and archives (searched through), pictures of PIL, splits and their examples,
        or arrays and tensors of raw pixels in the type that was trained on: (H, W), (H, W, C) or (N, H, W, C); or a
        list of these. The same pixels get the same answer, to the bit, however they are given; only of a JPEG file at
        least four times too large a smaller version is decoded. ``tta`` averages over that many augmented copies;
        ``amp`` computes in bfloat16, see ``answering``.

        An unreadable file gives a prediction with its ``error`` set. Raises ``DataError`` where there is no image at
        all, and for an array of another type, range or shape.
        """
        rule, most = self.spec.preprocessing, self.plan.max_pixels or MAX_PIXELS
        given = held(inputs, rule, most)
        averaging = self.averaging(tta)
        found: list[Prediction] = []
        while some := list(itertools.islice(given, BATCH)):  # a folder may hold more images than memory does
            with limited(most):
                images = [one.brought(rule) for one in some]
            good = [image.pixels for image in images if isinstance(image, Brought)]
            answers = iter(self._shares(np.stack(good), np.arange(len(good)), averaging, amp) if good else [])
            for one, image in zip(some, images, strict=True):
                if isinstance(image, Brought):
                    shown = task(self.spec.task).answer(next(answers), self.spec.target)
                    found.append(Prediction(one.name, **shown, note=image.note))
                else:
                    found.append(Prediction(one.name, None, None, {}, error=str(image)))
        return found

    def _shares(self, pixels: np.ndarray, rows: np.ndarray, averaging: Averaging | None, amp: bool) -> np.ndarray:
        return probabilities(self.answering(pixels, rows, amp=amp), pixels, rows, self.normaliser, averaging)

    def predictions(self, split: Split, *, tta: int = 0, amp: bool = False) -> np.ndarray:
        """Return the predictions (N, ...) for the images of a split, such as probabilities (N, K)."""
        return self._shares(split.pixels, split.rows, self.averaging(tta), amp)

    def score(self, split: Split, *, tta: int = 0, amp: bool = False) -> tuple[dict[str, Any], np.ndarray]:
        """Return the figures of merit on one split, with intervals, and the predictions (N, ...) behind them."""
        predictions = self.predictions(split, tta=tta, amp=amp)
        chosen = task(self.spec.task)
        options = self.plan.options if self.plan.task == self.spec.task else chosen.options()
        scores = chosen.score(split.target, predictions, self.spec.target, options, split.groups)
        return scores.to_dict(), predictions

    def evaluate(
        self, data: str | Path | Data | None = None, *, split: str | None = None, tta: int = 0, **options: Any
    ) -> dict[str, Any]:
        """Return the figures of merit on this run's own set or on another one; see ``runs.evaluate.evaluate``."""
        return evaluate(self, data, split=split, tta=tta, **options)


def open_run(folder: str | Path, model: nn.Module | Callable[..., nn.Module] | None = None) -> Run:
    """Open a run folder; ``CheckpointError`` says what is missing or damaged.

    The network is built when it is first needed. Where it is code of one's own, that code is imported and run then; a
    network that was given as an object has to be given again, as ``model``, of which a copy gets the run's weights.
    """
    folder = Path(folder)
    check_is_run(folder)
    if not (folder / files.WEIGHTS).exists():
        raise CheckpointError(
            f"{folder} has no {files.WEIGHTS} yet: its training has not finished an epoch; "
            f"go on with: convscope train --resume {quoted(folder)}"
        )
    source, plan = read_config(folder / files.CONFIG)
    spec = ModelSpec.from_header(read_header(folder))
    if twice := repeated(spec.classes):
        raise CheckpointError(
            f"{folder / files.WEIGHTS} gives two classes one name ({listed(twice)}), so that its answers could mean "
            "either; train again, each class with a name of its own"
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
