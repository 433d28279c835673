"""Recurrent cells, one step or a whole sequence: GRU and LSTM with PyTorch's weights, gate order and equations."""

from __future__ import annotations

from convscope.ops.recurrence import gru as _gru
from convscope.ops.recurrence import lstm as _lstm

PRIMITIVES = (*_gru.PRIMITIVES, *_lstm.PRIMITIVES)
