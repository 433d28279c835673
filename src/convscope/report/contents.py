"""What the report of any run shows, as plain data: the run fills it in, the page and the figures read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.data.dataset import Notice
from convscope.tasks.scores import About

if TYPE_CHECKING:
    from convscope.report.inside.contents import InReport
    from convscope.report.sequences.contents import Sequences
    from convscope.report.tables import Table


@dataclass(frozen=True)
class Samples:
    """Raw images (n, C, H, W) with their stored targets (n, ...)."""

    images: np.ndarray
    targets: np.ndarray


@dataclass(frozen=True)
class Clips:
    """Some raw training clips (n, T, H, W, C), or volumes, each with what it is an example of."""

    frames: np.ndarray
    words: tuple[str, ...]


@dataclass(frozen=True)
class Augmented:
    """What augmentation makes of raw ``images`` (n, C, H, W): ``variants`` (n, k, C, H, W) in the same units.

    ``points`` (n, 1 + k, K, 2) are where points lie in an image and in its variants, ``None`` where there are none;
    ``names`` (K) are theirs.
    """

    images: np.ndarray
    variants: np.ndarray
    points: np.ndarray | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Baseline:
    """A simple method on the same split.

    ``figure`` is its estimate of the task's main figure, ``comparison`` the paired test between network and method:
    its ``difference`` is the network's figure minus the method's.
    """

    name: str
    what: str
    figure: Mapping[str, Any]
    comparison: Mapping[str, Any]
    seconds: float
    train_rows: int
    stopped_early: bool = False


@dataclass(frozen=True)
class Contents:
    """One report.

    ``facts``, ``plan``, ``environment`` and ``headline`` are shown in their order, name beside value. ``metrics`` is
    what ``metrics.json`` holds: the figures by name, which of them is ``main`` and what each means (``metrics``),
    ``split`` ("test" or "valid"), ``select`` ("best" or "last" epoch), ``rule`` (how the epoch was chosen, a sentence)
    and ``chosen_epoch``. ``epochs`` has the columns epoch, lr, seconds, and train_ and valid_ of loss and each metric;
    ``steps`` step, epoch (fractional, at the step's end), loss and each metric, their moving averages (loss_average),
    lr and momentum. ``kernels`` (O, I, kh, kw) are the first layer's, ``handmade`` (I, kh, kw) one to show beside them.
    Of texts and signals ``lengths`` (n,) are those of the training split, ``windows`` the runs of characters that
    kernels answer most, and ``sequences`` what else is shown. Of images ``inside`` is what layers make of some.
    ``timing`` is in seconds. ``noun`` is what an example is called, ``mechanism`` by what the
    network looks beyond one place. ``own`` is the task's part, see ``section``. Empty
    parts are left out of the page.
    """

    name: str
    created: str
    task: str
    metrics: dict[str, Any]
    own: Any = None
    noun: str = "image"
    mechanism: str = "convolution"
    headline: dict[str, str] = field(default_factory=dict)
    plan: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    warnings: tuple[Notice, ...] = ()
    samples: Samples | None = None
    clips: Clips | None = None
    augmented: Augmented | None = None
    epochs: dict[str, list[float]] = field(default_factory=dict)
    steps: dict[str, np.ndarray] = field(default_factory=dict)
    kernels: np.ndarray | None = None
    lengths: np.ndarray | None = None
    windows: Table | None = None
    sequences: Sequences | None = None
    inside: InReport | None = None
    handmade: np.ndarray | None = None
    baselines: tuple[Baseline, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    timing: dict[str, float] = field(default_factory=dict)
    shell: str = ""
    python: str = ""

    @property
    def about(self) -> dict[str, About]:
        """What each figure of merit means, by name."""
        return {name: About(**about) for name, about in self.metrics["metrics"].items()}

    @property
    def main(self) -> About:
        """What the main figure means."""
        return self.about[self.metrics["main"]]

    @property
    def figure(self) -> dict[str, Any]:
        """The main figure's estimate."""
        return self.metrics[self.metrics["main"]]

    @property
    def ranked(self) -> list[Baseline]:
        """The baselines whose main figure is defined, the best first."""
        defined = [each for each in self.baselines if each.figure["value"] is not None]
        return sorted(defined, key=lambda each: each.figure["value"], reverse=self.main.better == "higher")
