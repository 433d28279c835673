"""Autoencoders: an image through a few numbers and back (Hinton and Salakhutdinov 2006; Kingma and Welling 2014)."""

from __future__ import annotations

import math
from collections import OrderedDict

import torch
from torch import Tensor, nn

from convscope.errors import ConfigError, ShapeError

SMALLEST = 4  # pixels a side down to which maps are halved
LEAST = 5  # pixels a side of images
WIDEST = 8  # times the width, however often maps are halved


class Autoencoder(nn.Module):
    """Maps images (N, C, H, W) to logits of pixels (N, outputs, H, W), through ``latent`` numbers an image.

    The encoder halves maps by strided convolutions; the decoder enlarges them to the nearest and convolves, so that
    every output pixel is the sum of equally many products: no checkerboard. ``noise`` is the standard deviation of what
    is added to inputs in training, in units of theirs: the network learns to take it away (Vincent et al. 2008).
    """

    def __init__(self, channels: int, outputs: int, size: tuple[int, int], latent: int, width: int, noise: float):
        super().__init__()
        _check(channels, size, latent)
        sizes = _halved(size)
        widths = [min(2**level, WIDEST) * width for level in range(len(sizes) - 1)]
        self.outer = Noise(noise)
        self.encoder = _encoder(channels, widths, sizes[-1], self._codes(latent))
        self.decoder = _decoder(latent, widths[::-1], sizes[::-1], outputs)
        self.latent = latent

    def _codes(self, latent: int) -> int:
        return latent

    def encode(self, x: Tensor) -> Tensor:
        """Return the code (N, latent) of images (N, C, H, W)."""
        return self.encoder(self.outer(x))

    def decode(self, code: Tensor) -> Tensor:
        """Return logits of pixels (N, outputs, H, W) for codes (N, latent)."""
        return self.decoder(code)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return logits of pixels (N, outputs, H, W)."""
        return self.decode(self.encode(x))


class VariationalAutoencoder(Autoencoder):
    """An autoencoder whose code is drawn from a normal distribution for each image (Kingma and Welling 2014).

    It returns logits (N, outputs, H, W), and mean and logarithm of the variance of the code, (N, latent) each. The code
    is drawn in training; in evaluation it is the mean.
    """

    def _codes(self, latent: int) -> int:
        return 2 * latent

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and logarithm of the variance of the code, (N, latent) each."""
        mean, log_variance = super().encode(x).chunk(2, dim=1)
        return mean, log_variance

    def encode(self, x: Tensor) -> Tensor:
        """Return the mean of the code (N, latent)."""
        return self.posterior(x)[0]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits of pixels, and mean and logarithm of the variance of the code."""
        mean, log_variance = self.posterior(x)
        code = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean) if self.training else mean
        return self.decode(code), mean, log_variance


class Noise(nn.Module):
    """Adds normal noise in training, and nothing in evaluation."""

    def __init__(self, scale: float):
        super().__init__()
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """Return x with noise of the standard deviation ``scale``."""
        return x + self.scale * torch.randn_like(x) if self.training and self.scale else x


def autoencoder(
    *, classes: int, channels: int = 1, size: tuple[int, int] = (28, 28), latent: int = 16, width: int = 32,
    noise: float = 0.0,
) -> Autoencoder:  # fmt: skip
    """Return an autoencoder that gives ``classes`` channels.

    >>> tuple(autoencoder(classes=1)(torch.zeros(2, 1, 28, 28)).shape)
    (2, 1, 28, 28)
    """
    return Autoencoder(channels, classes, size, latent, width, noise)


def vae(
    *, classes: int, channels: int = 1, size: tuple[int, int] = (28, 28), latent: int = 20, width: int = 32
) -> VariationalAutoencoder:
    """Return a variational autoencoder that gives ``classes`` channels.

    >>> [tuple(each.shape) for each in vae(classes=3, channels=3, size=(33, 40))(torch.zeros(2, 3, 33, 40))]
    [(2, 3, 33, 40), (2, 20), (2, 20)]
    """
    return VariationalAutoencoder(channels, classes, size, latent, width, 0.0)


def _check(channels: int, size: tuple[int, int], latent: int) -> None:
    """Raise ``ShapeError`` for images too small to be halved, or with no more numbers than their code."""
    if latent < 1:
        raise ConfigError(f"latent={latent}: a code has 1 number or more")
    least = max(LEAST, math.isqrt(latent // channels) + 1)
    numbers = channels * size[0] * size[1]
    if min(size) < LEAST or numbers <= latent:
        raise ShapeError(
            f"a code of {latent:,} numbers is to be fewer than those of an image, {numbers:,} where it is "
            f"{size[0]}×{size[1]}: choose a smaller latent; the smallest image that works is {least}×{least}"
        )


def _halved(size: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the sizes of the maps, from the image to the smallest.

    >>> _halved((28, 28))
    [(28, 28), (14, 14), (7, 7), (4, 4)]
    """
    sizes = [size]
    while max(sizes[-1]) > SMALLEST:
        sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
    return sizes


def _convolved(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


def _encoder(channels: int, widths: list[int], smallest: tuple[int, int], codes: int) -> nn.Sequential:
    layers = [
        (f"down{level}", _convolved(inputs, outputs, 2))
        for level, (inputs, outputs) in enumerate(zip([channels, *widths], widths, strict=False), 1)
    ]
    dense = nn.Linear(widths[-1] * smallest[0] * smallest[1], codes)
    return nn.Sequential(OrderedDict([*layers, ("flatten", nn.Flatten()), ("code", dense)]))


def _decoder(latent: int, widths: list[int], sizes: list[tuple[int, int]], outputs: int) -> nn.Sequential:
    height, width = sizes[0]
    features = widths[0] * height * width
    layers: list[tuple[str, nn.Module]] = [
        ("dense", nn.Linear(latent, features, bias=False)),
        ("norm", nn.BatchNorm1d(features)),
        ("relu", nn.ReLU(inplace=True)),
        ("unflatten", nn.Unflatten(1, (widths[0], height, width))),
    ]
    for level, (size, inputs, wide) in enumerate(zip(sizes[1:], widths, [*widths[1:], None], strict=True), 1):
        layers.append((f"enlarge{level}", nn.Upsample(size=size)))
        last = nn.Conv2d(inputs, outputs, 3, padding=1)
        layers.append(("pixels", last) if wide is None else (f"up{level}", _convolved(inputs, wide)))
    return nn.Sequential(OrderedDict(layers))
