"""The table of all primitives: those of each room, by name."""

from __future__ import annotations

from convscope.ops.activation import PRIMITIVES as ACTIVATION
from convscope.ops.adaptive import PRIMITIVES as ADAPTIVE
from convscope.ops.arrangement import PRIMITIVES as ARRANGEMENT
from convscope.ops.attention import PRIMITIVES as ATTENTION
from convscope.ops.combination import PRIMITIVES as COMBINATION
from convscope.ops.condensing import PRIMITIVES as CONDENSING
from convscope.ops.correlation import PRIMITIVES as CORRELATION
from convscope.ops.cross_entropy import PRIMITIVES as CROSS_ENTROPY
from convscope.ops.dropout import PRIMITIVES as DROPOUT
from convscope.ops.embedding import PRIMITIVES as EMBEDDING
from convscope.ops.functions import PRIMITIVES as FUNCTIONS
from convscope.ops.gathering import PRIMITIVES as GATHERING
from convscope.ops.grid_sampling import PRIMITIVES as GRID_SAMPLING
from convscope.ops.linear import PRIMITIVES as LINEAR
from convscope.ops.losses import PRIMITIVES as LOSSES
from convscope.ops.matmul import PRIMITIVES as MATMUL
from convscope.ops.normalisation import PRIMITIVES as NORMALISATION
from convscope.ops.ordering import PRIMITIVES as ORDERING
from convscope.ops.padding import PRIMITIVES as PADDING
from convscope.ops.pairs import PRIMITIVES as PAIRS
from convscope.ops.patches import PRIMITIVES as PATCHES
from convscope.ops.pooling import PRIMITIVES as POOLING
from convscope.ops.primitive import table
from convscope.ops.recurrence import PRIMITIVES as RECURRENCE
from convscope.ops.reduction import PRIMITIVES as REDUCTION
from convscope.ops.resampling import PRIMITIVES as RESAMPLING
from convscope.ops.rounding import PRIMITIVES as ROUNDING
from convscope.ops.softmax import PRIMITIVES as SOFTMAX
from convscope.ops.transposed import PRIMITIVES as TRANSPOSED
from convscope.ops.unpooling import PRIMITIVES as UNPOOLING
from convscope.ops.where import PRIMITIVES as WHERE

PRIMITIVES = table(
    ACTIVATION, ADAPTIVE, ARRANGEMENT, ATTENTION, COMBINATION, CONDENSING, CORRELATION, CROSS_ENTROPY, DROPOUT,
    EMBEDDING, FUNCTIONS, GATHERING, GRID_SAMPLING, LINEAR, LOSSES, MATMUL, NORMALISATION, ORDERING, PADDING, PAIRS,
    PATCHES, POOLING, RECURRENCE, REDUCTION, RESAMPLING, ROUNDING, SOFTMAX, TRANSPOSED, UNPOOLING, WHERE,
)  # fmt: skip
