"""Masks go where the pixels go: each label to where the policy takes its pixel, as SciPy and NumPy say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from augmented import augmented
from scipy import ndimage

from convscope.data.augment import Policy, automatic, geometry
from convscope.data.augment.apply import apply
from convscope.data.augment.draws import Draws
from convscope.data.augment.masks import _sampled, follow
from convscope.data.columns import InMemory, Ragged
from convscope.data.dataset import Dataset
from convscope.data.loader import Loader
from convscope.data.spec import FieldSpec
from convscope.data.transforms import ImageTransform
from convscope.errors import ConfigError, ShapeError

N, IGNORE = 40, 255
ROWS = np.arange(N)
IMAGE = FieldSpec("image", "image", (None, None, 1), "float32")
MASK = FieldSpec("mask", "mask", (None, None), "uint8", ignore=IGNORE)


def labels(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Return masks (N, H, W) of 5 classes in blobs of some pixels."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 5, (N, -(-height // 6), -(-width // 6)), np.uint8)
    return coarse.repeat(6, axis=1).repeat(6, axis=2)[:, :height, :width]


def plain(policy: Policy, mask: np.ndarray, draws: Draws, at: int) -> np.ndarray:
    """Do to one mask what a policy of whole pixels does, pixel by pixel."""
    H, W = mask.shape
    moves = [(geometry.shifted, policy.shift), (geometry.cropped, policy.crop)]
    for move, most in reversed(moves):  # the first look-up is the last motion
        if most:
            down, along = (int(move(draws, axis, size, most)[at, 0]) for axis, size in (("y", H), ("x", W)))
            mask = ndimage.shift(mask, (down, along), order=0, mode="constant", cval=IGNORE)
    mask = mask[:, ::-1] if policy.hflip and draws.coin("flip x")[at] else mask
    mask = mask[::-1] if policy.vflip and draws.coin("flip y")[at] else mask
    return np.rot90(mask, draws.below("rot90", 4)[at]) if policy.rot90 else mask


@pytest.mark.parametrize(
    "words", ["hflip", "vflip", "hflip vflip", "rot90", "shift=0.2", "crop=0.2", "shift=0.1 hflip"]
)
def test_whole_pixels_move_as_numpy_moves_them(words: str):
    policy, draws = Policy.parse(words), Draws(ROWS, 3, 1)
    masks = labels(24, 24)
    moved = follow(policy, masks, draws, (1, 24, 24), IGNORE)
    assert moved.dtype == masks.dtype and not np.array_equal(moved, masks)
    for at in range(N):
        flipless = replace(policy, hflip=False, vflip=False, rot90=False)
        expected = plain(flipless, plain(replace(policy, shift=0.0, crop=0.0), masks[at], draws, at), draws, at)
        assert np.array_equal(moved[at], expected), at


@pytest.mark.parametrize(
    "words", ["hflip vflip", "rot90", "hflip rot90", "shift=0.2", "crop=0.2", "shift=0.1 crop=0.1"]
)
def test_without_a_label_for_what_is_outside_it_is_that_of_the_pixel_shown(words: str):
    policy, masks = Policy.parse(words), labels(24, 24)
    images = augmented(policy, torch.from_numpy(masks).float()[:, None], ROWS, seed=3, epoch=1)
    moved = follow(policy, masks, Draws(ROWS, 3, 1), (1, 24, 24))
    assert np.array_equal(moved, images[:, 0].numpy().astype(np.uint8))


@pytest.mark.parametrize("words", ["rotate=30", "scale=0.4", "rotate=180 scale=0.3 shift=0.2"])
@pytest.mark.parametrize("size", [(30, 30), (24, 37)])
def test_a_turn_and_a_zoom_are_those_of_scipy(words: str, size: tuple[int, int]):
    policy, draws, (H, W) = Policy.parse(words), Draws(ROWS, 0, 2), size
    masks = labels(H, W)
    moved = follow(policy, masks, draws, (3, H, W), IGNORE)
    back, by = geometry.drawn(draws, H, W, rotate=policy.rotate, scale=policy.scale, shift=policy.shift)
    centre = np.array([(H - 1) / 2, (W - 1) / 2])
    for at in range(N):
        (a, b), (c, d) = ((float(entry[at]) for entry in row) for row in back)
        matrix = np.array([[d, c], [b, a]])  # SciPy counts rows first
        offset: Any = centre - matrix @ (centre + np.array([by[1][at], by[0][at]]))
        expected = ndimage.affine_transform(
            masks[at],
            matrix,
            offset,
            order=0,
            mode="grid-constant",
            cval=IGNORE,
        )
        places = np.moveaxis(np.indices(size), 0, -1) @ matrix.T + offset
        unsure = (np.abs(places + 0.5 - np.rint(places + 0.5)) < 1e-3).any(-1)  # halfway between two pixels
        assert np.array_equal(moved[at][~unsure], expected[~unsure]) and unsure.mean() < 0.1


@pytest.mark.parametrize(
    "words",
    [
        "rotate=30",
        "elastic=0.08",
        "hflip rot90 rotate=20 scale=0.2 shift=0.1 elastic=0.05 crop=0.1",
        "blur=1 rotate=10",
    ],
)
def test_labels_lie_where_the_image_shows_their_pixels(words: str):
    """Where an image of the labels is interpolated between equal ones, it shows the label of the mask."""
    policy, masks = Policy.parse(words), labels(42, 42)
    x = torch.from_numpy(masks).float()[:, None]
    shown, moved = apply(policy, (x, masks), (IMAGE, MASK), Draws(ROWS, 5, 0))
    sharp = torch.stack([(x == label).float() for label in range(5)], 2)[:, 0]
    (of_each,) = apply(policy, (sharp,), (IMAGE,), Draws(ROWS, 5, 0))
    pure, inside = (of_each.amax(1) > 0.999).numpy(), moved != IGNORE
    assert (pure & inside).mean() > 0.3
    assert np.array_equal(moved[pure & inside], np.rint(shown[:, 0].numpy()[pure & inside]).astype(np.uint8))
    assert (moved == of_each.argmax(1).numpy())[inside].mean() > 0.95  # three labels may meet in a pixel


def test_light_leaves_masks_alone():
    policy = Policy.parse("brightness=0.3 contrast=0.3 noise=0.2 blur=1 cutout=0.3")
    masks = labels(20, 20)
    x, moved = apply(policy, (torch.zeros(N, 1, 20, 20), masks), (IMAGE, MASK), Draws(ROWS, 0, 0))
    assert x.abs().sum() and np.array_equal(moved, masks)


@pytest.mark.parametrize("words", ["randaugment=9", "trivialaugment"])
def test_what_the_automatic_policies_draw_moves_masks(words: str):
    policy, draws, masks = Policy.parse(words), Draws(ROWS, 0, 0), labels(30, 30)
    moved = follow(policy, masks, draws, (3, 30, 30), IGNORE)
    whole = (N, 3, 30, 30)
    turns = automatic.rand_turns(draws, 9, whole) if policy.randaugment else automatic.trivial_turns(draws, whole)
    for chosen, amount in turns:
        masks = _sampled(masks, *automatic.motion(chosen, amount, 30, 30), IGNORE)
    assert np.array_equal(moved, masks)
    still = np.all([~np.isin(chosen, automatic.MOTIONS) for chosen, _ in turns], axis=0)
    assert still.any() and np.array_equal(moved[still], labels(30, 30)[still]) and not still.all()


def test_a_mask_of_another_size_than_its_image_is_refused():
    with pytest.raises(ShapeError, match=r"masks \(N, 20, 20\), as large as their images, got \(40, 10, 20\)$"):
        follow(Policy(hflip=True), labels(10, 20), Draws(ROWS, 0, 0), (1, 20, 20))


def data(masks: InMemory | Ragged, points: np.ndarray) -> Dataset:
    """Return a set of dark images with a bright dot where the mask and the point say."""
    pixels = np.zeros((N, 24, 24, 1), np.uint8)
    for at, (x, y) in enumerate(points[:, 0].astype(int)):
        pixels[at, y, x] = 255
    columns = {
        "image": InMemory.of("image", pixels),
        "mask": replace(masks, spec=replace(masks.spec, ignore=IGNORE)),
        "points": InMemory.of("points", points, names=("dot",)),
    }
    rule = ImageTransform(1, 24, 24, "crop", "uint8", (0.0,), (1.0,))
    ids, rows = ROWS.astype(str), {"train": ROWS}
    return Dataset("set", "set", columns, ("image",), ("mask", "points"), rows, ids, transforms={"image": rule})


def dots() -> tuple[np.ndarray, np.ndarray]:
    points = np.random.default_rng(0).integers(9, 15, (N, 1, 2)).astype(np.float64)
    masks = np.zeros((N, 24, 24), np.uint8)
    masks[ROWS, points[:, 0, 1].astype(int), points[:, 0, 0].astype(int)] = 1
    return masks, points


def test_a_loader_moves_images_masks_and_points_together():
    masks, points = dots()
    examples = data(InMemory.of("mask", masks), points).train
    policy = Policy.parse("hflip rot90 shift=0.2 brightness=0.1")
    loader = Loader(examples, examples.dataset.transforms, 7, policy=policy, seed=1, becomes=(0,))
    for batch in loader.epoch(4):
        mask, point = (target.numpy() for target in batch.targets)
        brightest = batch.x[:, 0].flatten(1).argmax(1).numpy()
        assert np.array_equal((mask == 1).reshape(len(mask), -1).argmax(1), brightest)
        assert np.array_equal(point[:, 0, 1] * 24 + point[:, 0, 0], brightest)
        assert (mask == IGNORE).any() and (mask == 1).sum() == len(mask)
    for batch in loader.sequential():
        assert np.array_equal(batch.targets[0].numpy(), masks[batch.rows])


def test_what_cannot_be_done_to_masks_is_refused():
    masks, points = dots()
    examples = data(InMemory.of("mask", masks), points).train
    with pytest.raises(ConfigError, match="masks and points of two images have no blend"):
        Loader(examples, examples.dataset.transforms, 7, policy=Policy(mixup=0.2), becomes=(0,))
    ragged = data(Ragged.of("mask", [*masks[:-1], masks[-1][:10]]), points).train
    with pytest.raises(ConfigError, match=r"^augmentation 'hflip': it moves targets with their images"):
        Loader(ragged, ragged.dataset.transforms, 7, policy=Policy(hflip=True), becomes=(0,))


@pytest.mark.parametrize(
    "words", ["hflip vflip rot90", "shift=0.2", "crop=0.2", "rotate=20 scale=0.2 elastic=0.05", "hflip rotate=30"]
)
def test_every_slice_of_a_volume_moves_as_one_image_of_it_would(words: str):
    policy, draws = Policy.parse(words), Draws(ROWS, 5, 2)
    masks = np.stack([labels(24, 24, seed) for seed in range(3)], axis=1)  # (N, 3, 24, 24)
    x = torch.from_numpy(masks[:, None].astype(np.float32))
    spec = (FieldSpec("volume", "volume", (3, 24, 24, 1), "float32"), FieldSpec("mask", "mask", (3, 24, 24), "uint8"))
    moved_x, moved = apply(policy, (x, masks), spec, draws)
    assert moved_x.shape == x.shape and moved.shape == masks.shape
    for k in range(3):
        alone_x, alone = apply(policy, (x[:, :, k], masks[:, k]), spec, draws)
        assert torch.equal(moved_x[:, :, k], alone_x)
        assert np.array_equal(moved[:, k], alone)


def test_light_is_drawn_once_for_all_slices_and_noise_for_each_voxel():
    x = torch.zeros(N, 1, 4, 8, 8) + torch.arange(4.0).view(1, 1, 4, 1, 1)
    spec = (FieldSpec("volume", "volume", (4, 8, 8, 1), "float32"),)
    (lit,) = apply(Policy.parse("brightness=0.5"), (x,), spec, Draws(ROWS, 0, 0))
    added = (lit - x).flatten(1)
    assert (added.std(1) < 1e-6).all() and added[:, 0].std() > 0.1
    (noisy,) = apply(Policy.parse("noise=1"), (x,), spec, Draws(ROWS, 0, 0))
    assert not torch.equal(noisy[:, :, 0], noisy[:, :, 1] - 1)
