"""Images that a run makes of codes which no image is behind, and the training images they resemble most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convscope.data.dataset import Split
from convscope.data.spec import Pixels
from convscope.errors import ConfigError
from convscope.runs.run import Run
from convscope.tasks.reconstruction.target import in_parts

AT_ONCE = 250


@dataclass(frozen=True)
class Samples:
    """Drawn pictures (n, C, H, W), from 0 to 1.

    Where the run's set can be read, ``nearest`` (n, C, H, W) is the training image nearest to each, pixel by pixel,
    ``ids`` (n,) its name, and ``distance`` (n,) the root of their mean squared difference. ``floor`` (m,) are the same
    distances of held-out images, as near as new images of the set come to it: what lies far below was memorised.
    """

    pictures: np.ndarray
    nearest: np.ndarray | None = None
    ids: tuple[str, ...] = ()
    distance: np.ndarray | None = None
    floor: np.ndarray | None = None


def draw(run: Run, count: int, *, seed: int = 0) -> np.ndarray:
    """Return pictures (count, C, H, W), from 0 to 1, of codes from the prior of a run.

    Raises:
        ConfigError: a number below 1, or a run whose network draws no images.
    """
    import torch

    if count < 1:
        raise ConfigError(f"expected 1 or more images, found {count}")
    if getattr(run.spec.target, "form", None) != "elbo":
        raise ConfigError(
            f"{run.folder}: {run.spec.model} draws no images: only codes that training held to a distribution can be "
            "drawn; train with --task reconstruction --model vae"
        )
    model, head = run.model, run.spec.does.head(run.spec.target)
    codes = torch.randn((count, model.latent), generator=torch.Generator().manual_seed(seed))  # pyright: ignore[reportArgumentType, reportCallIssue]
    with torch.inference_mode():
        return torch.cat([head(model.decode(part)) for part in codes.split(AT_ONCE)]).numpy()  # pyright: ignore[reportCallIssue]


def beside_training(pictures: np.ndarray, train: Split, held: Split, target: Pixels) -> Samples:
    """Return pictures beside the training images nearest to them, and how near held-out images come."""
    distance, at = nearest(pictures, train, target)
    some = held[np.unique(np.linspace(0, len(held) - 1, min(len(held), len(pictures))).astype(int))]
    floor, _ = nearest(np.concatenate([x for _, x in in_parts(some.input, target)]), train, target)
    images = np.concatenate([x for _, x in in_parts(train[at].input, target)])
    return Samples(pictures, images, tuple(map(str, train.ids[at])), distance, floor)


def nearest(pictures: np.ndarray, train: Split, target: Pixels) -> tuple[np.ndarray, np.ndarray]:
    """Return the root mean squared difference (n,) of pictures (n, C, H, W) to the nearest training image, and where
    it stands, (n,).
    """
    flat = pictures.reshape(len(pictures), -1).astype(np.float32)
    own = (flat**2).sum(1)[:, None]
    least, place = np.full(len(flat), np.inf), np.zeros(len(flat), int)
    for at, x in in_parts(train.input, target):
        others = x.reshape(len(x), -1)
        squared = own + (others**2).sum(1)[None] - 2 * flat @ others.T
        best = squared.argmin(1)
        value = squared[np.arange(len(flat)), best]
        closer = value < least
        least[closer], place[closer] = value[closer], best[closer] + at.start
    return np.sqrt(np.maximum(least, 0) / flat.shape[1]), place
