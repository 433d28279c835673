"""The layers, each a few lines over an operation of ``ops``. What they compute stands there."""

from __future__ import annotations

from convscope.scratch.layers.activation import GELU, SELU, LeakyReLU, ReLU, Sigmoid, SiLU, Softmax, Tanh
from convscope.scratch.layers.layer import Layer
from convscope.scratch.layers.normalisation import BatchNorm, Dropout, LayerNorm
from convscope.scratch.layers.pooling import AvgPool, Flatten, GlobalAvgPool, GlobalMaxPool, MaxPool
from convscope.scratch.layers.weighted import Conv, ConvTranspose, Linear

__all__ = [
    "GELU",
    "SELU",
    "AvgPool",
    "BatchNorm",
    "Conv",
    "ConvTranspose",
    "Dropout",
    "Flatten",
    "GlobalAvgPool",
    "GlobalMaxPool",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MaxPool",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
]
