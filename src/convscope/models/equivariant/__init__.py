"""Networks that turn with their image: group convolutions over quarter turns and mirrors (Cohen and Welling 2016)."""

from convscope.models.equivariant.group import P4, P4M, Group
from convscope.models.equivariant.layers import GroupBatchNorm, GroupConvolution, GroupPool, Halving, Lifting
from convscope.models.equivariant.networks import p4_mini, p4m_mini, plain_mini

__all__ = [
    "P4",
    "P4M",
    "Group",
    "GroupBatchNorm",
    "GroupConvolution",
    "GroupPool",
    "Halving",
    "Lifting",
    "p4_mini",
    "p4m_mini",
    "plain_mini",
]
