"""C3D's plan for small clips (Tran et al. 2015, "Learning spatiotemporal features with 3D convolutional networks").

Kernels of 3×3×3 throughout; the first pooling leaves time alone, the others halve it with the sides. Batch norm, a mean
over all places and one linear layer stand in place of the two dense layers of 4,096.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from convscope.models.blocks import draw_he

STAGES = 4


def c3d_mini(
    *, classes: int, channels: int, size: tuple[int, int, int], width: int = 8, dropout: float = 0.0
) -> nn.Sequential:
    """Build four convolutions of 3×3×3, each twice as wide as the one before, with pooling between them."""
    layers: list[nn.Module] = []
    inputs = channels
    for stage in range(STAGES):
        outputs = width * 2**stage
        layers += [nn.Conv3d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm3d(outputs), nn.ReLU()]
        if stage < STAGES - 1:
            layers.append(nn.MaxPool3d((1 if stage == 0 else 2, 2, 2), ceil_mode=True))
        inputs = outputs
    features = nn.Sequential(*layers)
    draw_he(features)
    return nn.Sequential(
        OrderedDict(
            features=features,
            avgpool=nn.AdaptiveAvgPool3d(1),
            flatten=nn.Flatten(),
            dropout=nn.Dropout(dropout),
            fc=nn.Linear(inputs, classes),
        )
    )
