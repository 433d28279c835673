"""Tiles against the whole image: the same numbers where the network is local, and named where it is not."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convscope.data.augment import Policy
from convscope.data.augment.views import View, views
from convscope.errors import ConfigError, ShapeError
from convscope.models.unet import unet3d_mini, unet_mini
from convscope.runs.tiles import TiledNetwork
from convscope.runs.tiles.windows import gaussian
from convscope.training.accelerate import inference_model

DIHEDRAL = views(Policy.parse("vflip rot90"))
CONV = {2: nn.Conv2d, 3: nn.Conv3d}
NORM = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
POOL = {2: nn.MaxPool2d, 3: nn.MaxPool3d}
TRANSPOSED = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}


def double(inputs: int, outputs: int, axes: int) -> nn.Sequential:
    layers = (
        part
        for channels in (inputs, outputs)
        for part in (CONV[axes](channels, outputs, 3, padding=1), NORM[axes](outputs), nn.ReLU())
    )
    return nn.Sequential(*layers)


class Plain(nn.Module):
    """A U-Net written here: it mirrors images at their far ends to a multiple, and cuts its answer back."""

    def __init__(self, levels: int, axes: int = 2, up: str = "transposed", width: int = 4):
        super().__init__()
        widths = [width * 2**level for level in range(levels)]
        self.down = nn.ModuleList(double(i, o, axes) for i, o in zip([1, *widths], widths, strict=False))
        self.join = nn.ModuleList(double(2 * w, w, axes) for w in widths[:-1])
        self.up = nn.ModuleList(
            TRANSPOSED[axes](below, w, 2, 2)
            if up == "transposed"
            else nn.Sequential(
                nn.Upsample(scale_factor=2, mode="bilinear" if axes == 2 else "trilinear"),
                CONV[axes](below, w, 3, padding=1),
            )
            for w, below in itertools.pairwise(widths)
        )
        self.pool, self.out = POOL[axes](2), CONV[axes](width, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        size, multiple = x.shape[2:], 2 ** len(self.up)
        x = F.pad(x, [n for length in reversed(size) for n in (0, -length % multiple)], mode="reflect")
        maps = [x := self.down[0](x)]
        for level in self.down[1:]:
            maps.append(x := level(self.pool(x)))
        for level in reversed(range(len(self.up))):
            x = self.join[level](torch.cat([maps[level], self.up[level](x)], 1))
        return self.out(x)[(..., *(slice(n) for n in size))]


def trained(network: nn.Module, axes: int, steps: int = 3) -> nn.Module:
    """Return a network after some steps, with weights and statistics that are no longer as they began."""
    torch.manual_seed(1)
    optimiser = torch.optim.SGD(network.parameters(), 0.02, momentum=0.9)
    for _ in range(steps):
        x = 0.5 + 2 * torch.randn(2, 1, *(32 if axes == 2 else 16,) * axes)
        loss = F.cross_entropy(network(x), (x[:, 0] > 0).long() + (x[:, 0] > 2))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.eval()


def picture(size: Sequence[int]) -> Tensor:
    return 0.5 + 2 * torch.randn(1, *size, generator=torch.Generator().manual_seed(2))


def whole(network: nn.Module, x: Tensor, ways: Sequence[View], head: Callable[[Tensor], Tensor]) -> np.ndarray:
    """Return what the network gives for the views of the whole image, averaged."""
    with torch.inference_mode():
        outputs: list[Tensor] = []
        for view in ways:
            planes = x.reshape(1, -1, *x.shape[-2:])
            laid = view(planes).unflatten(1, x.shape[:-2])
            y = head(network(laid))[0]
            outputs.append(view.undo(y.reshape(1, -1, *y.shape[-2:])).reshape(-1, *x.shape[1:]))
    return torch.stack(outputs).mean(0).movedim(0, -1).numpy()


def tiled(
    network: TiledNetwork, x: Tensor, ways: Sequence[View] = (View(),), head: Callable[[Tensor], Tensor] | None = None
) -> np.ndarray:
    out = np.full((*x.shape[1:], 3), np.nan, np.float32)
    return network.predict(lambda part: x[:, *part], x.shape[1:], out, head=head, views=ways)


def same(x: Tensor) -> Tensor:
    return x


def probabilities(y: Tensor) -> Tensor:
    return y.softmax(1)


NETWORKS = {
    "3 levels": (lambda: Plain(3), (101, 70), 32),
    "4 levels": (lambda: Plain(4), (131, 90), 32),
    "5 levels, bilinear": (lambda: Plain(5, up="bilinear"), (273, 35), 64),
    "volume": (lambda: Plain(2, axes=3), (13, 37, 30), 16),
    "volume, trilinear": (lambda: Plain(2, axes=3, up="bilinear"), (9, 41, 26), 16),
    "unet_mini": (lambda: unet_mini(classes=3, channels=1, width=4), (131, 90), 32),
    "unet_mini, bilinear": (lambda: unet_mini(classes=3, channels=1, width=4, up="bilinear"), (131, 90), 32),
    "unet_mini, valid": (lambda: unet_mini(classes=3, channels=1, width=4, levels=3, padding="valid"), (131, 90), 32),
    "unet_mini, layer norm": (lambda: unet_mini(classes=3, channels=1, width=4, norm="layer"), (131, 90), 32),
    "unet3d_mini, flat": (lambda: unet3d_mini(classes=3, channels=1, width=4, levels=3, flat=1), (11, 45, 50), 16),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_exact_tiles_give_the_whole_image(name):
    build, size, tile = NETWORKS[name]
    torch.manual_seed(0)
    network, x = trained(build(), len(size)), picture(size)
    in_tiles = TiledNetwork(network, 1, tile=tile, batch=2)
    plan = in_tiles.plan(size)
    assert plan.how == "exact" and plan.number > 3
    logits = whole(network, x, [View()], same)
    assert np.ptp(logits) > 0.5
    assert np.abs(tiled(in_tiles, x) - logits).max() <= 1e-5 * np.abs(logits).max()
    expected = whole(network, x, [View()], probabilities)
    # Some processors take other kernels for other sizes, whose float32 sums round otherwise.
    np.testing.assert_allclose(tiled(in_tiles, x, head=probabilities), expected, rtol=0, atol=5e-6)


@pytest.mark.parametrize("name", ["3 levels", "unet_mini, valid", "volume"])
def test_views_and_tiles_together_give_the_views_of_the_whole_image(name):
    build, size, tile = NETWORKS[name]
    torch.manual_seed(0)
    network, x = trained(build(), len(size)), picture(size)
    averaged = tiled(TiledNetwork(network, 1, tile=tile, batch=3), x, DIHEDRAL, probabilities)
    np.testing.assert_allclose(averaged, whole(network, x, DIHEDRAL, probabilities), rtol=0, atol=1e-6)
    assert np.abs(averaged - whole(network, x, [View()], probabilities)).max() > 1e-3


def test_any_size_and_any_tile():
    torch.manual_seed(0)
    network, rng = trained(Plain(3), 2), np.random.default_rng(0)
    for size, tile in zip(rng.integers(17, 110, (6, 2)).tolist(), rng.integers(12, 70, 6).tolist(), strict=True):
        x = picture(size)
        logits = whole(network, x, [View()], same)
        exact = tiled(TiledNetwork(network, 1, tiles="exact", tile=tile), x)
        np.testing.assert_allclose(exact, logits, rtol=0, atol=1e-5 * np.abs(logits).max())


def test_no_halo_is_wider_than_it_must_be():
    """A tile's neighbours two steps of the grid away, and no nearer ones, can be spoilt without being noticed."""
    network, x = trained(Plain(3), 2), picture((160, 160))
    plan = TiledNetwork(network, 1, tile=32).plan((160, 160))
    window = plan.windows[0][2]
    (first, end), core = window.read, window.write
    y = whole(network, x, [View()], same)[slice(*core)]
    for inside, noticed in ((0, False), (4, True)):
        spoilt = x.clone()
        spoilt[:, : first + inside] = spoilt[:, end - inside :] = 1e3
        change = np.abs(whole(network, spoilt, [View()], same)[slice(*core)] - y).max()
        assert (change > 1e-5) == noticed


class Attention(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        tokens = x.flatten(2).transpose(1, 2)
        return (x.flatten(2) @ (tokens @ tokens.transpose(1, 2)).softmax(-1)).reshape(x.shape)


class Excited(nn.Module):
    def __init__(self):
        super().__init__()
        self.squeeze, self.excite = nn.AdaptiveAvgPool2d(1), nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.excite(self.squeeze(x)).sigmoid()


class Placed(nn.Module):
    """Tells the network where it is."""

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.linspace(-1, 1, x.shape[-1]).expand(x.shape[-2], -1)


class Counting(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x / x.shape[-1]


class Corners(nn.Module):
    """Interpolated so that corners meet: the step depends on the size."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(F.max_pool2d(x, 2), size=x.shape[2:], mode="bilinear", align_corners=True)


class Pyramid(nn.Module):
    """Means over the quarters of the image along each axis, as in PSPNet."""

    def forward(self, x: Tensor) -> Tensor:
        return x + F.interpolate(F.adaptive_avg_pool2d(x, 4), size=x.shape[2:])


class Round(nn.Conv2d):
    """Takes what is left of the image from its right side."""

    def __init__(self):
        super().__init__(4, 4, 3, padding=1, padding_mode="circular")


GLOBAL = {
    "instance norm": (nn.InstanceNorm2d(4), "1 "),
    "group norm": (nn.GroupNorm(2, 4), "1 "),
    "batch norm without running statistics": (nn.BatchNorm2d(4, track_running_stats=False), "1 "),
    "squeeze and excite": (Excited(), "1.squeeze "),
    "attention": (Attention(), "1 lays "),
    "coordinates": (Placed(), "1 has "),
    "the size of the image": (Counting(), "1"),
    "a cylinder": (Round(), "Sequential depends at one border "),
    "pooling onto four places": (Pyramid(), "1.adaptive_avg_pool "),
    "aligned corners": (Corners(), "1 has no regular step "),
}


@pytest.mark.parametrize("name", GLOBAL)
def test_what_sees_the_whole_image_is_named(name):
    layer, node = GLOBAL[name]
    network = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), layer, nn.Conv2d(4, 3, 1)).eval()
    plan = TiledNetwork(network, 1, tile=32).plan((100, 90))
    assert (plan.how, plan.reason[: len(node)]) == ("gaussian", node)
    with pytest.raises(ConfigError, match=f"--tiles exact: {node}.*--tiles gaussian"):
        TiledNetwork(network, 1, tiles="exact", tile=32).plan((100, 90))


def test_batch_norm_in_training_mode_is_named():
    plan = TiledNetwork(Plain(3).train(), 1, tile=32).plan((100, 90))
    assert plan.how == "gaussian" and plan.reason.startswith("down.0.1 is in training mode")


def test_overlapping_tiles_of_a_network_that_sees_single_pixels_are_its_answer():
    """Whatever the weights, they add up to 1."""
    network, x = nn.Conv2d(1, 3, 1), picture((90, 75))
    for ways in ([View()], DIHEDRAL):
        expected = whole(network, x, [View()], same)
        answers = tiled(TiledNetwork(network, 1, "gaussian", tile=32, batch=4), x, ways)
        np.testing.assert_allclose(answers, expected, rtol=0, atol=1e-5)


def test_weights_of_overlapping_tiles_follow_a_normal_curve():
    lines = gaussian(200, 64)
    assert all(b.read[0] - a.read[0] <= 32 for a, b in itertools.pairwise(lines))
    total, mean = np.zeros(200), lines[2].read[0] + 31.5
    for window in lines:
        assert window.weight is not None
        total[slice(*window.read)] += window.weight
    np.testing.assert_allclose(total, 1, rtol=1e-6)
    curves = np.array([np.exp(-((np.arange(200) - line.read[0] - 31.5) ** 2) / 2 / 8**2) for line in lines])
    curves[[np.arange(200) < line.read[0] for line in lines]] = 0
    curves[[np.arange(200) >= line.read[1] for line in lines]] = 0
    at = round(mean)
    weight = lines[2].weight
    assert weight is not None
    assert weight[at - lines[2].read[0]] == pytest.approx(curves[2, at] / curves[:, at].sum(), rel=1e-5)


def test_the_fast_forms_of_a_network_have_exact_tiles():
    """Norms folded into convolutions; and bfloat16, where equal is what rounds alike."""
    network, x = trained(Plain(3), 2), picture((101, 70))
    for amp, tolerance in ((False, 1e-5), (True, 0.05)):
        fast = inference_model(network, channels_last=True, amp=amp)
        in_tiles = TiledNetwork(fast, 1, "exact", tile=32)
        logits = whole(fast, x, [View()], same)
        assert np.abs(tiled(in_tiles, x) - logits).max() <= tolerance * np.abs(logits).max()


def test_an_image_that_fits_into_memory_is_run_whole():
    network = Plain(3).eval()
    assert TiledNetwork(network, 1).plan((256, 256)).how == "whole"
    large = TiledNetwork(network, 1, memory=2**24).plan((1000, 900))
    assert large.how == "exact"
    assert max(a.length * b.length for a in large.windows[0] for b in large.windows[1]) * 4 * 4 < 2**24
    small = TiledNetwork(network, 1, memory=2**16).plan((1000, 900))
    assert small.how == "gaussian" and "too many for the memory of a tile" in small.reason
    assert TiledNetwork(network, 1, "exact", memory=2**18).plan((300, 200)).work > 8
    assert TiledNetwork(network, 1, memory=2**18).plan((300, 200)).how == "gaussian"


def test_answers_are_written_into_a_memory_map(tmp_path):
    network, x = trained(Plain(3), 2), picture((101, 70))
    out = np.lib.format.open_memmap(tmp_path / "out.npy", "w+", np.float32, (101, 70, 3))
    TiledNetwork(network, 1, tile=32).predict(lambda part: x[:, *part], (101, 70), out)
    out.flush()
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), whole(network, x, [View()], same), atol=1e-5)


def test_refuses_an_array_of_another_size():
    with pytest.raises(ShapeError, match=r"\(64, 64\).*float32.*\(64, 60, 3\)"):
        TiledNetwork(Plain(3).eval(), 1).predict(lambda _: picture((64, 64)), (64, 64), np.zeros((64, 60, 3)))
