"""Networks of a user's own, as tests train them: imported by name, and right or wrong in one way each."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    """Two convolutions, a batch norm, and ``view``, which minds the order of memory."""

    def __init__(self, classes: int = 10, in_channels: int = 1, width: int = 4):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.fc = nn.Linear(4 * width, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.norm(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(x.view(len(x), -1))


class Lazy(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.fc = nn.LazyConv2d(3, 3), nn.LazyBatchNorm2d(), nn.LazyLinear(10)

    def forward(self, x):
        return self.fc(F.relu(self.norm(self.conv(x))).flatten(1))


class Tied(nn.Module):
    """Two layers with one weight."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.fc = nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 10)
        self.b.weight = self.a.weight

    def forward(self, x):
        return self.fc(F.relu(self.b(F.relu(self.a(x.flatten(1))))))


class Drawn(Net):
    """First weights from NumPy's generator."""

    def __init__(self):
        super().__init__()
        self.fc.weight.data = torch.from_numpy(np.random.randn(10, 16).astype(np.float32))


def sized(classes: int, channels: int, size: tuple[int, int]) -> nn.Module:
    assert size == (8, 8)
    return Net(classes, channels)


ONE = Net()


def returned() -> nn.Module:
    return ONE


class WrongClasses(Net):
    def __init__(self):
        super().__init__(7)


class Maps(Net):
    def forward(self, x):
        return super().forward(x)[..., None, None]


class Two(Net):
    def forward(self, x):
        return super().forward(x), x


class Auxiliary(Net):
    def forward(self, x):
        return (super().forward(x), x) if self.training else super().forward(x)


class Double(Net):
    def __init__(self):
        super().__init__()
        self.double()


class NoParameters(nn.Module):
    def forward(self, x):
        return x.flatten(1)[:, :10]


class Frozen(Net):
    def __init__(self):
        super().__init__()
        self.requires_grad_(False)


class WritesIntoImages(Net):
    def forward(self, x):
        x -= 1
        return super().forward(x)


class SpoilsGradients(Net):
    def forward(self, x):
        y = torch.sigmoid(self.conv1(x))
        z = y * 1
        y.mul_(2)
        return self.fc(F.max_pool2d(z + y, 4).flatten(1))


class Listed(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers, self.fc = [nn.Linear(64, 64)], nn.Linear(64, 10)

    def forward(self, x):
        return self.fc(self.layers[0](x.flatten(1)))


class Unsaved(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix, self.fc = torch.randn(64, 64), nn.Linear(64, 10)

    def forward(self, x):
        return self.fc(x.flatten(1) @ self.mix)


class AnyDepth(nn.Module):
    def __init__(self):
        super().__init__()
        depth = int(torch.randint(1, 1000, ()))
        self.scales, self.fc = nn.ParameterList(torch.ones(1) for _ in range(depth)), nn.Linear(64, 10)

    def forward(self, x):
        return self.fc(x.flatten(1)) * sum(self.scales)


class HardBatch(Net):
    def forward(self, x):
        return super().forward(x).view(64, 10)


class NotANumber(Net):
    def forward(self, x):
        return super().forward(x) * float("nan")


class Detached(Net):
    def forward(self, x):
        return super().forward(x).detach()


class Failing(Net):
    def __init__(self):
        raise RuntimeError("no such layer")


class Demanding(Net):
    def __init__(self, depth):
        super().__init__()


def a_number() -> int:
    return 3


class Softmax(Net):
    def forward(self, x):
        return super().forward(x).softmax(1)


class AlwaysDropping(Net):
    def forward(self, x):
        return F.dropout(super().forward(x))


class Mixing(Net):
    def forward(self, x):
        found = super().forward(x)
        return found - found.mean(0)


class Unused(Net):
    def __init__(self):
        super().__init__()
        self.extra = nn.Linear(2, 2)


class Held(Net):
    def __init__(self):
        super().__init__()
        self.conv1.requires_grad_(False)
