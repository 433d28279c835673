"""Networks built and trained from ``ops`` alone: every number of a training, in NumPy.

The network of the NumPy lesson (D4): three convolutions of stride 2 and two fully connected layers.

>>> from convscope import scratch
>>> net = scratch.Sequential(
...     scratch.Conv(1, 8, 5, stride=2, padding=2), scratch.LeakyReLU(0.01),
...     scratch.Conv(8, 16, 5, stride=2, padding=2), scratch.LeakyReLU(0.01),
...     scratch.Conv(16, 32, 5, stride=2), scratch.LeakyReLU(0.01), scratch.Flatten(),
...     scratch.Linear(128, 64), scratch.LeakyReLU(0.01), scratch.Linear(64, 10), seed=0)
>>> net.weights.size  # 208 + 3216 + 12832 + 8256 + 650
25162

No graph is recorded here: a layer's backward is written out (in ``ops``), and a network is a row of layers.
"""

from __future__ import annotations

from convscope.scratch.fit import batches, evaluate, fit
from convscope.scratch.gradcheck import GradientCheck, gradcheck
from convscope.scratch.history import Epoch, History, Step
from convscope.scratch.initialise import glorot_normal, glorot_uniform, he_normal, he_uniform
from convscope.scratch.layers import (
    GELU,
    SELU,
    AvgPool,
    BatchNorm,
    Conv,
    ConvTranspose,
    Dropout,
    Flatten,
    GlobalAvgPool,
    GlobalMaxPool,
    Layer,
    LayerNorm,
    LeakyReLU,
    Linear,
    MaxPool,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
)
from convscope.scratch.losses import Loss, binary_cross_entropy, cross_entropy, squared_error
from convscope.scratch.optimisers import SGD, Adam, AdamW, Optimiser, clip_gradients
from convscope.scratch.sequential import Sequential

__all__ = [
    "GELU",
    "SELU",
    "SGD",
    "Adam",
    "AdamW",
    "AvgPool",
    "BatchNorm",
    "Conv",
    "ConvTranspose",
    "Dropout",
    "Epoch",
    "Flatten",
    "GlobalAvgPool",
    "GlobalMaxPool",
    "GradientCheck",
    "History",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "Loss",
    "MaxPool",
    "Optimiser",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Step",
    "Tanh",
    "batches",
    "binary_cross_entropy",
    "clip_gradients",
    "cross_entropy",
    "evaluate",
    "fit",
    "glorot_normal",
    "glorot_uniform",
    "gradcheck",
    "he_normal",
    "he_uniform",
    "squared_error",
]
