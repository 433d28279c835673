"""Simple methods beside the network, on the same split: did convolution earn its keep?

Majority class, logistic regression on pixels, HOG + linear, a small multilayer perceptron; those of texts stand in
``text_baselines``. Each is given the same
time to learn. How many training images fit into it is estimated from the work a method does an image, not measured:
the same limit means the same images on every machine. Where the estimate was too hopeful a clock stops the learning,
and the result says so. Every image of the scored split is scored, whatever it takes.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from convscope.data.dataset import Split
from convscope.data.spec import Classes
from convscope.tasks.baselines import FLOATS, Baseline, BaselineResult, Budget
from convscope.tasks.classification import signal_baselines, text_baselines
from convscope.tasks.features import Features, gradients, gradients_seconds, in_chunks, pixels, width_of
from convscope.tasks.frames import KINDS, OfFrames, as_images, mean, middle
from convscope.tasks.motion import SIDE, motion_histograms

LINEAR, DENSE = 4e9, 1.5e10  # multiplications per second, linear fit and perceptron: one thread of a 2023 server
STEPS, ROUND = 50, 10  # iterations that a linear model is given, and how often the clock is looked at
HIDDEN = 128
MOTION_SECONDS = 2e-7  # for a pixel of a frame, one thread of a 2023 server

Fit = Callable[[np.ndarray, np.ndarray, int, float], tuple[Any, bool]]  # -> fitted model, stopped by the clock?


@dataclass(frozen=True)
class _Job:
    train: Split
    scored: Split
    classes: int
    seconds: float
    seed: int
    room: np.ndarray

    @property
    def aim(self) -> float:
        """Seconds of learning to plan for: a machine half as fast still ends before the clock."""
        return self.seconds / 2

    def rows(self, width: int, each: float) -> np.ndarray:
        """Choose positions in the training split that fit into memory and time.

        A row costs ``width`` features and ``each`` seconds. Classes keep their shares: the examples, shuffled and
        then sorted by class, are taken at even distances; one of each class comes first, so that none is missing.
        """
        n = len(self.train)
        most = int(min(FLOATS / width, self.aim / each))
        m = min(n, max(most, 10 * self.classes))
        rng = np.random.default_rng(self.seed)
        order = rng.permutation(n)
        order = order[np.argsort(self.train.labels[order], kind="stable")]
        first = order[np.unique(self.train.labels[order], return_index=True)[1]]
        even = rng.permutation(order[np.arange(m) * n // m])
        return np.concatenate([first, even[~np.isin(even, first)]])


def _majority(name: str, job: _Job) -> BaselineResult:
    start = time.perf_counter()
    shares = np.bincount(job.train.labels, minlength=job.classes) / len(job.train)
    probabilities = np.broadcast_to(shares, (len(job.scored), job.classes)).copy()
    description = "always predicts the most frequent training class; its probabilities are the class frequencies"
    return BaselineResult(name, description, probabilities, time.perf_counter() - start, len(job.train), False)


def _pixels_logistic(name: str, job: _Job) -> BaselineResult:
    features = pixels()
    width = width_of(features, job.train)
    rows = job.rows(width, each=width * job.classes * STEPS / LINEAR)
    return _learn(name, job, rows, features, _linear, f"logistic regression on {width:,} pixel values")


def _hog_linear(name: str, job: _Job) -> BaselineResult:
    H, W, C = map(int, job.train.input.spec.shape)  # pyright: ignore[reportArgumentType] - images have one size
    # The largest of these sizes that lets the scored images through in the time given.
    side = next((s for s in (128, 64) if gradients_seconds(H, W, C, s) * len(job.scored) < job.aim), 32)
    features = gradients(side)
    width = width_of(features, job.train)
    each = gradients_seconds(H, W, C, side) + width * job.classes * STEPS / LINEAR
    description = f"logistic regression on {width:,} histogram values of oriented gradients (HOG)"
    return _learn(name, job, job.rows(width, each), features, _linear, description)


def _pixels_perceptron(name: str, job: _Job) -> BaselineResult:
    features = pixels()
    width = width_of(features, job.train)
    epoch = 3 * width * HIDDEN / DENSE  # forward, and backward to weights and to inputs
    rows = job.rows(width, each=5 * epoch)
    epochs = int(np.clip(job.aim / (len(rows) * epoch), 5, 50))
    description = f"a fully connected network with one hidden layer of {HIDDEN} units on {width:,} pixel values"
    return _learn(name, job, rows, features, _perceptron(epochs), f"{description}, {epochs} passes")


def _motion_linear(name: str, job: _Job) -> BaselineResult:
    frames, H, W, C = map(int, job.train.input.spec.shape)  # pyright: ignore[reportArgumentType] - of one size
    width = width_of(motion_histograms, job.train)
    each = (
        frames * min(H * W, SIDE**2) * MOTION_SECONDS + frames * H * W * C * 1e-9 + width * job.classes * STEPS / LINEAR
    )
    description = f"logistic regression on {width} histogram values of the directions in which edges move"
    return _learn(name, job, job.rows(width, each), motion_histograms, _linear, description)


def _learn(name: str, job: _Job, rows: np.ndarray, features: Features, fit: Fit, description: str) -> BaselineResult:
    """Turn the chosen images into standardised features, fit, and score every image of the other split."""
    start = time.perf_counter()
    deadline = start + job.seconds
    width = width_of(features, job.train)
    size = len(rows) * width  # with very many classes more than planned: each has its images
    x = (job.room[:size] if size <= FLOATS else np.empty(size, np.float32)).reshape(len(rows), width)
    done = 0
    for images in in_chunks(job.train, rows):
        x[done : done + len(images)] = features(images)
        done += len(images)
        if time.perf_counter() > deadline:
            break
    x = x[:done]
    centre = x.mean(dtype=np.float64)
    x -= centre
    spread = max(np.sqrt(np.einsum("nd,nd->", x, x, dtype=np.float64) / x.size), 1e-12)  # x.std() copies x, in float64
    x /= spread
    model, cut = fit(x, job.train.labels[rows[:done]], job.seed, deadline)
    probabilities = np.zeros((len(job.scored), job.classes))
    at = 0
    for images in in_chunks(job.scored, np.arange(len(job.scored))):
        standardised = (features(images) - np.float32(centre)) / np.float32(spread)
        probabilities[at : at + len(images), model.classes_] = model.predict_proba(standardised)
        at += len(images)
    description += f", learned from {done:,} of {len(job.train):,} training images"
    return BaselineResult(name, description, probabilities, time.perf_counter() - start, done, cut or done < len(rows))


def _linear(x: np.ndarray, y: np.ndarray, seed: int, deadline: float) -> tuple[Any, bool]:
    """Fit a logistic regression, in rounds so that the clock can stop it."""
    from sklearn.linear_model import LogisticRegression

    # The more features, the stronger the penalty: on digits, MNIST, Fashion-MNIST, bees and lung tiles 10 / features
    # was within a point of the best of six fixed values from 0.0001 to 10, and no fixed value was.
    model = LogisticRegression(C=10 / x.shape[1], max_iter=ROUND, warm_start=True)
    for done in range(ROUND, STEPS + 1, ROUND):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "lbfgs failed to converge")
            model.fit(x, y)
        if max(model.n_iter_) < ROUND:
            return model, False
        if time.perf_counter() > deadline:
            return model, done < STEPS
    return model, False


def _perceptron(epochs: int) -> Fit:
    """Return the fit of a network with one hidden layer in this many passes over the images."""

    def fit(x: np.ndarray, y: np.ndarray, seed: int, deadline: float) -> tuple[Any, bool]:
        from sklearn.neural_network import MLPClassifier

        batch = int(np.clip(len(x) // 10, 8, 200))
        model = MLPClassifier((HIDDEN,), batch_size=min(batch, len(x)), random_state=seed)  # pyright: ignore[reportArgumentType]
        classes = np.unique(y)
        for epoch in range(1, epochs + 1):
            with warnings.catch_warnings():
                # scikit-learn swallows Ctrl-C here and only warns.
                warnings.filterwarnings("error", "Training interrupted by user")
                try:
                    model.partial_fit(x, y, classes=classes)
                except UserWarning:
                    raise KeyboardInterrupt from None
            if time.perf_counter() > deadline:
                return model, epoch < epochs
        return model, False

    return fit


def _method(learn: Callable[[str, _Job], BaselineResult], kind: str | None = "image") -> Baseline:
    """Return a method for inputs of a ``kind``, ``None`` for those of any."""

    def method(name: str, train: Split, scored: Split, target: Classes, budget: Budget) -> BaselineResult | None:
        if kind is not None and train.input.spec.kind != kind:
            return None
        return learn(name, _Job(train, scored, len(target.names), budget.seconds, budget.seed, budget.room))

    return method


def _of_frames(learn: Callable[[str, _Job], BaselineResult], convert: OfFrames) -> Baseline:
    """Return a method for images on one image of each clip or volume."""

    def method(name: str, train: Split, scored: Split, target: Classes, budget: Budget) -> BaselineResult | None:
        if train.input.spec.kind not in KINDS:
            return None
        pair = as_images(train, convert), as_images(scored, convert)
        return learn(name, _Job(*pair, len(target.names), budget.seconds, budget.seed, budget.room))

    return method


METHODS: dict[str, Baseline] = {
    "majority class": _method(_majority, None),
    "logistic regression": _method(_pixels_logistic),
    "HOG + linear": _method(_hog_linear),
    "small MLP": _method(_pixels_perceptron),
    "HOG + linear, middle frame": _of_frames(_hog_linear, middle),
    "logistic regression, mean frame": _of_frames(_pixels_logistic, mean),
    "motion histogram + linear": _method(_motion_linear, "video"),
    **signal_baselines.METHODS,
    **text_baselines.METHODS,
}
