"""Every operation against kornia, an implementation of others, given the numbers that the samples draw.

Where kornia means something else by an operation's name, the test builds ours from kornia's parts and says so. Stain is
compared with scikit-image, which unmixes the same dyes; noise is random in both, and only its distribution is tested.
"""

from __future__ import annotations

import kornia
import numpy as np
import pytest
import torch
from kornia.geometry import transform
from scipy.special import betaincinv

from convscope.data.augment import automatic, colour, elastic, geometry, mix
from convscope.data.augment.draws import Draws

N = 24
DRAWS = Draws(np.arange(N), seed=5, epoch=2)
SIZES = [(20, 20), (17, 26)]


def batch(height=20, width=20, channels=3, seed=0):
    return torch.randn((N, channels, height, width), generator=torch.Generator().manual_seed(seed))


def bytes_like(height=20, width=23, channels=3):
    """Return smooth bytes (N, C, H, W): steps as photographs have them, over a part of the range."""
    small = torch.rand((N, channels, 6, 6), generator=torch.Generator().manual_seed(1)).pow(1.5) * 235 + 8
    return torch.nn.functional.interpolate(small, (height, width), mode="bicubic").clamp(0, 255).round()


def each(values):
    return torch.from_numpy(np.asarray(values, np.float32))


def close(found, expected, atol):
    torch.testing.assert_close(found, expected.to(found), atol=atol, rtol=0)


# Motions. kornia counts angles counter-clockwise as seen, shifts to the right and down, as we do.


@pytest.mark.parametrize(("option", "flip"), [("hflip", transform.hflip), ("vflip", transform.vflip)])
def test_flips(option, flip):
    x = batch(17, 26)
    flipped = torch.from_numpy(DRAWS.coin({"hflip": "flip x", "vflip": "flip y"}[option]))
    expected = torch.where(flipped.view(-1, 1, 1, 1), flip(x), x)
    assert torch.equal(geometry.move(x, DRAWS, **{option: True}), expected)


def test_quarter_turns():
    """kornia's quarter turn is a warp, which takes the nearest pixel."""
    x = batch()
    expected = transform.rotate(x, each(DRAWS.below("rot90", 4) * 90), mode="nearest", padding_mode="border")
    assert torch.equal(geometry.move(x, DRAWS, rot90=True), expected)


@pytest.mark.parametrize(("option", "border"), [("shift", "border"), ("crop", "reflection")])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_moves_by_whole_pixels(option, border, height, width):
    """A shift repeats the border, a crop mirrors it without repeating the outermost pixel."""
    x = batch(height, width)
    by = [
        DRAWS.below(f"{option} {axis}", 2 * round(0.3 * size) + 1) - round(0.3 * size)
        for axis, size in (("x", width), ("y", height))
    ]
    expected = transform.translate(x, each(np.stack(by, 1)), mode="nearest", padding_mode=border, align_corners=True)
    assert torch.equal(geometry.move(x, DRAWS, **{option: 0.3}), expected)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize(
    ("rotate", "scale", "shift"), [(40, 0, 0), (0, 0.3, 0), (0, 0, 0.2), (180, 0.5, 0.3)]
)  # fmt: skip
def test_rotation_zoom_and_shift(height, width, rotate, scale, shift):
    x = batch(height, width)
    found = geometry.warp(x, DRAWS, rotate=rotate, scale=scale, shift=shift)
    centre = torch.tensor([(width - 1) / 2, (height - 1) / 2]).expand(N, 2)
    zoom = each(DRAWS.uniform("scale", 1 - scale, 1 + scale))[:, None].expand(N, 2)
    by = [
        each(DRAWS.uniform(f"shift {axis}", -shift * size, shift * size))
        for axis, size in (("x", width), ("y", height))
    ]
    turned = transform.get_rotation_matrix2d(centre, each(DRAWS.uniform("rotate", -rotate, rotate)), zoom)
    turned[:, :, 2] += torch.stack(by, 1)
    expected = transform.warp_affine(x, turned, (height, width), padding_mode="border", align_corners=True)
    close(found, expected, 2e-4)  # values lie within ± 5; float32 places to 1e-5 of a pixel


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_bending(height, width):
    """kornia blurs white noise over a Gaussian, we interpolate a coarse grid; what both do with it is the same."""
    x = batch(height, width)
    places = elastic.field(x.shape, DRAWS, 0.1, x).permute(0, 3, 1, 2)
    expected = transform.elastic_transform2d(
        x, places, kernel_size=(1, 1), sigma=(1.0, 1.0), alpha=(1.0, 1.0), padding_mode="border"
    )
    close(geometry.warp(x, DRAWS, elastic=0.1), expected, 2e-4)


# Values. Ours are in deviations about the set's mean and not cut to 0..1.


def test_brightness_and_contrast():
    """Contrast is about the set's mean, 0, so it is kornia's plain factor, not its contrast about each image's mean."""
    x = batch()
    factor, offset = each(DRAWS.uniform("contrast", 0.7, 1.3)), each(DRAWS.uniform("brightness", -0.5, 0.5))
    expected = kornia.enhance.adjust_contrast(x, factor, clip_output=False)
    expected = kornia.enhance.adjust_brightness(expected, offset, clip_output=False)
    close(colour.light(x, DRAWS, brightness=0.5, contrast=0.3), expected, 1e-6)


def test_colour():
    """Grey is the mean of the channels, whose deviations were made equal; kornia's usual grey weighs them."""
    x = batch()
    grey = kornia.color.rgb_to_grayscale(x, torch.full((3,), 1 / 3))
    factor = each(DRAWS.uniform("colour", 0.2, 1.8)).view(-1, 1, 1, 1)
    expected = torch.stack([
        kornia.enhance.add_weighted(g.expand(1, 3, -1, -1), 1 - float(f), one[None], float(f), 0.0)[0]
        for g, one, f in zip(grey, x, factor, strict=True)
    ])  # fmt: skip
    close(colour.saturate(x, DRAWS, 0.8), expected, 1e-5)


def test_hue():
    """A turn of YIQ's chroma is one of YUV's the other way round: the axes are the same, turned and mirrored.

    kornia's own hue turns HSV, which changes the luma. On its wheel our colours move by as much on the average, and
    the other way, which makes no difference to angles drawn evenly to either side; grey stays grey in both.
    """
    raw = torch.rand((N, 3, 9, 7), generator=torch.Generator().manual_seed(0))
    angle = torch.from_numpy(np.radians(DRAWS.uniform("hue", -50, 50))).float().view(-1, 1, 1)
    y, u, v = kornia.color.rgb_to_yuv(raw).unbind(1)
    cos, sin = angle.cos(), angle.sin()
    turned = torch.stack((y, u * cos + v * sin, v * cos - u * sin), 1)
    found = colour.hue(255 * raw, DRAWS, 50)
    close(found / 255, kornia.color.yuv_to_rgb(turned), 0.01)  # both write their axes with three or four digits

    few = colour.hue(0.5 + 0.1 * (raw - 0.5), DRAWS, 10)  # stays within 0..1
    hues = [kornia.color.rgb_to_hsv(image)[:, 0] for image in (0.5 + 0.1 * (raw - 0.5), few)]
    moved = torch.remainder(hues[1] - hues[0] + torch.pi, 2 * torch.pi) - torch.pi  # (N, 9, 7)
    mean, asked = moved.mean((1, 2)).numpy(), np.radians(DRAWS.uniform("hue", -10, 10))
    assert np.polyfit(asked, mean, 1)[0] == pytest.approx(-1, abs=0.1)
    assert np.corrcoef(asked, mean)[0, 1] < -0.99
    grey = raw[:, :1].expand(-1, 3, -1, -1)
    close(colour.hue(grey, DRAWS, 180), kornia.enhance.adjust_hue(grey, 1.0), 1e-5)


def test_blur():
    x = batch(17, 26)
    sigma = each(DRAWS.uniform("blur", 0, 1.5))[:, None].expand(N, 2)
    expected = kornia.filters.gaussian_blur2d(x, 11, sigma, border_type="replicate")  # 5 = ⌈3 · 1.5⌉ to either side
    close(colour.blur(x, DRAWS, 1.5), expected, 2e-6)


def test_cutout():
    x = batch(17, 26)
    side = 5  # 0.3 of 17
    top, left = (DRAWS.below(f"cutout {axis}", size) - side // 2 for axis, size in (("y", 17), ("x", 26)))
    ends = [np.minimum(start + side, size) - np.maximum(start, 0) for start, size in ((left, 26), (top, 17))]
    box = {
        "xs": each(np.maximum(left, 0)), "ys": each(np.maximum(top, 0)), "widths": each(ends[0]),
        "heights": each(ends[1]), "values": torch.zeros(N),
    }  # fmt: skip
    expected = kornia.augmentation.RandomErasing(p=1.0).apply_transform(x, box, {})
    assert torch.equal(mix.cutout(x, DRAWS, 0.3), expected)


# Blends. Which image is whose partner is the caller's business: each here is blended with the one before it.


def test_mixup():
    """kornia's λ is the partner's share, ours the own one, folded to its larger half."""
    x, labels = batch(17, 26), torch.arange(N)
    share = betaincinv(0.4, 0.4, DRAWS.uniform("mixup share"))
    numbers = {
        "mixup_pairs": labels.roll(1),
        "mixup_lambdas": each(1 - np.maximum(share, 1 - share)),
        "dtype": torch.tensor(kornia.constants.DType.get(x.dtype).value),
    }
    theirs = kornia.augmentation.RandomMixUpV2(data_keys=["input", "class"])
    found, weight = mix.blend(x, x.roll(1, 0), mix.shares(DRAWS, 17, 26, mixup=0.4))
    close(found, theirs.apply_transform(x, numbers, {}), 1e-6)
    close(1 - weight, theirs.apply_transform_class(labels, numbers, {})[:, 2], 1e-6)


def test_cutmix():
    """kornia keeps its box inside the image; ours may stick out over a border, as in the paper, and is cut there."""
    height, width = 17, 26
    x, labels = batch(height, width), torch.arange(N)
    side = np.sqrt(1 - betaincinv(1.0, 1.0, DRAWS.uniform("cutmix share")))
    edges = []
    for axis, size in (("x", width), ("y", height)):
        long = (side * size).astype(int)
        start = DRAWS.below(f"cutmix {axis}", size) - long // 2
        edges += [np.clip(start, 0, size), np.clip(start + long, 0, size)]
    left, right, top, bottom = edges
    some = (right > left) & (bottom > top)  # kornia's corners are the outermost pixels: it knows no empty box
    corners = np.stack([left, top, right - 1, top, right - 1, bottom - 1, left, bottom - 1], 1).reshape(1, N, 4, 2)
    numbers = {
        "mix_pairs": labels.roll(1)[None],
        "crop_src": each(corners),
        "image_shape": torch.tensor((height, width)),
        "dtype": torch.tensor(kornia.constants.DType.get(x.dtype).value),
    }
    theirs = kornia.augmentation.RandomCutMixV2(data_keys=["input", "class"], use_correct_lambda=True)
    found, weight = mix.blend(x, x.roll(1, 0), mix.shares(DRAWS, height, width, cutmix=1.0))
    assert some.sum() > N / 2
    assert torch.equal(found[some], theirs.apply_transform(x, numbers, {})[some])
    close(weight[some], theirs.apply_transform_class(labels, numbers, {})[0, :, 2][some], 1e-6)
    assert torch.equal(found[~some], x[~some]) and (weight[~some] == 1).all()


# The list of RandAugment. Ours works on bytes as PIL does and drops fractions; kornia computes in 0..1 and keeps them.


def test_the_list_is_covered():
    assert {*BYTEWISE, *MOVES, "identity", "contrast"} == set(automatic.OPERATIONS)


def ours(name, raw, amount):
    return automatic.perform(raw, np.full(N, name), np.asarray(amount, float))


# operation: (amounts, kornia's for images of 0..1 and these amounts, bytes that they may differ)
BYTEWISE = {
    "autocontrast": (np.zeros(N), lambda x, a: kornia.enhance.normalize_min_max(x), 1.01),
    "equalize": (np.zeros(N), lambda x, a: kornia.enhance.equalize(x), 1e-3),
    "posterize": (np.arange(N) % 5, lambda x, a: kornia.enhance.posterize(x, (8 - a).int()), 1e-3),
    "solarize": (np.linspace(0, 255, N).round(), lambda x, a: kornia.enhance.solarize(x, (255 - a) / 255 - 1e-6), 1e-3),
    "brightness": (np.linspace(-0.9, 0.9, N), lambda x, a: kornia.enhance.adjust_brightness_accumulative(x, 1 + a), 1),
    "colour": (
        np.linspace(-0.9, 0.9, N),
        lambda x, a: kornia.enhance.adjust_saturation_with_gray_subtraction(x, 1 + a),
        2,  # the luma is rounded too
    ),
    "sharpness": (np.linspace(-0.9, 0.9, N), lambda x, a: kornia.enhance.sharpness(x, 1 + a), 2),  # and the mean
}


@pytest.mark.parametrize("name", BYTEWISE)
def test_values_by_a_rule(name):
    raw, (amount, theirs, away) = bytes_like(), BYTEWISE[name]
    expected = theirs(raw / 255, each(amount)) * 255
    found = ours(name, raw, amount)
    close(found, expected, away)
    assert (found != raw).float().mean() > 0.3


def test_contrast():
    """About the mean grey: kornia's luma is weighed by the same shares, but the mean is no whole number."""
    raw, amount = bytes_like(), np.linspace(-0.9, 0.9, N)
    expected = kornia.enhance.adjust_contrast_with_mean_subtraction(raw / 255, each(1 + amount)) * 255
    close(ours("contrast", raw, amount), expected, 2)


# operation: (largest amount, kornia's matrix (N, 2, 3) from places in the image to places in the result)
MOVES = {
    "rotate": (135, lambda a, centre, W, H: transform.get_rotation_matrix2d(centre, a, torch.ones(N, 2))),
    "shear x": (0.9, lambda a, centre, W, H: _sheared(centre, "sx", a)),
    "shear y": (0.9, lambda a, centre, W, H: _sheared(centre, "sy", a)),
    "shift x": (0.5, lambda a, centre, W, H: _shifted(a * W, 0 * a)),
    "shift y": (0.5, lambda a, centre, W, H: _shifted(0 * a, a * H)),
}


def _shifted(along, down):
    return transform.get_translation_matrix2d(torch.stack((along, down), 1))[:, :2]


def _sheared(centre, axis, amount):
    """kornia is asked for an angle, and moves a pixel along by the angle's tangent a pixel down."""
    return transform.get_shear_matrix2d(centre, **{axis: amount.atan()})[:, :2]


@pytest.mark.parametrize("name", MOVES)
def test_moves_of_the_list(name):
    raw = bytes_like()
    most, matrix = MOVES[name]
    amount, (height, width) = np.linspace(-most, most, N), raw.shape[2:]
    centre = torch.tensor([(width - 1) / 2, (height - 1) / 2]).expand(N, 2)
    expected = transform.warp_affine(
        raw, matrix(each(amount), centre, width, height), (height, width), padding_mode="border", align_corners=True
    )
    close(ours(name, raw, amount), expected, 0.51)  # ours is rounded to whole bytes


def test_identity():
    raw = bytes_like()
    assert torch.equal(ours("identity", raw, np.zeros(N)), raw)
