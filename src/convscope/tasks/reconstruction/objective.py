"""What a network of reconstruction is trained on: squared errors of pixels, or the evidence lower bound."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from convscope.data.batch import Batch
from convscope.data.spec import Pixels
from convscope.errors import ConfigError
from convscope.tasks.reconstruction.options import Options
from convscope.tasks.reconstruction.target import encode
from convscope.tasks.task import Measured, Monitor

SAMPLE = 2_000  # training images that say what guessing costs


class SquaredError:
    """The mean squared error of pixels from 0 to 1; the network's outputs are their logits."""

    metrics: tuple[str, ...] = ("mse",)
    monitor = Monitor("mse", "lower")
    notices: tuple[str, ...] = ()
    narrow: tuple[str, ...] = ()

    def __init__(self, target: Pixels, blind: float, device: str = "cpu"):
        self.pixels, self.blind = FromInput(target).to(device), blind

    def __call__(self, output: Tensor | tuple[Tensor, ...], batch: Batch) -> Measured:
        """Compare logits (N, C, H, W) with the batch's inputs; ``ConfigError`` for a network that gives more."""
        if not isinstance(output, Tensor):
            raise ConfigError("--reconstruct squared_error: for a network that gives images alone, not also codes")
        errors = (torch.sigmoid(output) - self.pixels(batch.inputs[0])).square().flatten(1).mean(1)
        loss = errors.mean()
        return Measured(loss, len(errors), errors.detach().sum()[None], len(errors))


class EvidenceBound:
    """The negative evidence lower bound in nats an image: -log p(x | z) and beta · KL(q(z | x) || p(z)).

    Sums over pixels, means over images (Kingma and Welling 2014; beta: Higgins et al. 2017). A Bernoulli pixel of the
    value v is drawn white with the probability v: the mean over all such drawings is the cross-entropy with v itself,
    which is taken. Gaussian pixels have one variance, the one at which a batch is likeliest (Rybkin et al. 2021).
    """

    metrics: tuple[str, ...] = ("mse", "kl", "negative_elbo")
    monitor = Monitor("negative_elbo", "lower")
    notices: tuple[str, ...] = ()
    narrow: tuple[str, ...] = ()

    def __init__(self, target: Pixels, beta: float, blind: float, device: str = "cpu"):
        self.target, self.beta, self.blind = target, beta, blind
        self.pixels = FromInput(target).to(device)

    def __call__(self, output: Tensor | tuple[Tensor, ...], batch: Batch) -> Measured:
        """Compare logits (N, C, H, W) with the batch's inputs, and the codes' means and variances with the prior.

        ``ConfigError`` for a network that gives no such codes.
        """
        if isinstance(output, Tensor) or len(output) != 3:
            raise ConfigError(
                "--reconstruct elbo: for a network that gives logits, and mean and logarithm of the variance of codes: "
                "--model vae"
            )
        logits, mean, log_variance = output
        x = self.pixels(batch.inputs[0])
        surprise = negative_log_likelihood(logits, x, self.target).sum() / len(x)
        kl = divergence(mean, log_variance).sum() / len(x)
        with torch.no_grad():
            errors = (torch.sigmoid(logits) - x).square().flatten(1).mean(1).sum()
            figures = torch.stack((kl, surprise + kl)) * len(x)
        return Measured(surprise + self.beta * kl, len(x), torch.cat((errors[None], figures)), len(x))


def negative_log_likelihood(logits: Tensor, x: Tensor, target: Pixels) -> Tensor:
    """Return -log p(x | z) (N,) in nats, summed over pixels (N, C, H, W) from 0 to 1."""
    if target.likelihood == "bernoulli":
        return binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)
    squares = (torch.sigmoid(logits) - x).square().flatten(1)
    variance = squares.detach().mean().clamp(min=1e-6)
    return 0.5 * (squares / variance + torch.log(2 * math.pi * variance)).sum(1)


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return the Kullback-Leibler divergence (N, latent), in nats, of normal distributions from the standard one."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def objective(target: Pixels, options: Options, train: Any, valid: Any, device: str) -> SquaredError | EvidenceBound:
    """Return the objective for a column ``train`` of training images."""
    at = np.unique(np.linspace(0, len(train) - 1, min(len(train), SAMPLE)).astype(int))
    x = torch.from_numpy(encode(train.take(at), target))
    guess = x.mean(0, keepdim=True).clamp(1e-3, 1 - 1e-3)
    if target.form == "squared_error":
        return SquaredError(target, float((x - guess).square().mean()), device)
    blind = negative_log_likelihood(torch.logit(guess).expand(x.shape), x, target).mean()
    return EvidenceBound(target, options.beta, float(blind), device)


class FromInput(nn.Module):
    """From what a network sees (N, C, *space) to pixels from 0 to 1."""

    scale: Tensor
    shift: Tensor

    def __init__(self, target: Pixels):
        super().__init__()
        span = target.high - target.low
        self.register_buffer("scale", torch.tensor(target.std)[:, None, None] / span)
        self.register_buffer("shift", (torch.tensor(target.mean)[:, None, None] - target.low) / span)

    def forward(self, x: Tensor) -> Tensor:
        """Return x · scale + shift, kept within 0 and 1."""
        return torch.clamp(x * self.scale + self.shift, 0.0, 1.0)


class ToPixels(nn.Module):
    """From a network's logits (N, C, H, W), alone or before what it says of codes, to pixels from 0 to 1."""

    def forward(self, output: Tensor | tuple[Tensor, ...]) -> Tensor:
        """Return the sigmoid of the logits, float32."""
        return torch.sigmoid(output[0] if isinstance(output, tuple) else output).float()
