from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from convscope.data import checks
from convscope.data.checks import lookalikes
from convscope.data.checks.duplicates import identities
from convscope.data.examined import Examined
from convscope.data.ingest.stats import content, examine, index_dtype
from convscope.data.listing import Listing, Target
from convscope.data.sources.arrays import from_memory
from convscope.data.synthetic import make
from real_data import real_data


def examined(pixels, labels, split, groups=None, classes=None) -> Examined:
    """What decoding would have learned about pixels (n, H, W, C)."""
    index = np.zeros(len(pixels), index_dtype(pixels.shape[-1]))
    examine(pixels, index)
    hashes = b"".join(content(image.tobytes()) for image in pixels)
    return Examined(
        ids=np.array([f"{name}/{i}.png" for i, name in enumerate(split)]),
        labels=np.asarray(labels),
        classes=tuple(classes or ("cat", "dog", "fox")[: max(labels) + 1]),
        split=np.asarray(split, dtype="<U5"),
        groups=groups,
        content=np.frombuffer(hashes, np.uint8).reshape(-1, 16),
        thumbprint=index["thumbprint"],
        low=index["low"],
        high=index["high"],
    )


@pytest.fixture
def clean():
    """120 different images, two classes, three splits."""
    pixels = np.random.default_rng(0).integers(0, 256, (120, 16, 16, 3), dtype=np.uint8)
    return pixels, np.arange(120) % 2, np.repeat(["train", "valid", "test"], [80, 10, 30])


def only(notices, code):
    """The one notice, which has this code."""
    assert [notice.code for notice in notices] == [code]
    return notices[0]


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        (("Cat", "cat", "dog"), "1 class has several spellings (Cat = cat)"),
        (("red fox", "red_fox", "Red-Fox"), "1 class has several spellings (red fox = red_fox = Red-Fox)"),
        (("A", "a", "b"), None),
        (("a", "a ", "b"), "1 class has several spellings (a = 'a ')"),
        (("cat", "cat\u200b", "dog"), r"1 class has several spellings (cat = 'cat\u200b')"),
        (("\u2764", "\u2764\ufe0f", "dog"), "1 class has several spellings (\u2764 = "),
        (("-10", "10", "1_0"), None),
        (("3", "3.0", "cat"), "1 class has several spellings (3 = 3.0)"),
    ],
)
def test_one_class_in_several_spellings(classes, said):
    pixels = np.random.default_rng(0).integers(0, 256, (120, 16, 16, 3), dtype=np.uint8)
    notices = checks.run(examined(pixels, np.arange(120) % 3, ["train"] * 120, classes=classes))
    if said is None:
        assert not notices
    else:
        assert only(notices, "spelling").text.startswith(said)


def test_a_clean_set_is_passed_in_silence(clean):
    groups = np.array([f"patient {i}" for i in range(120)])
    assert checks.run(examined(*clean)) == ()
    assert checks.run(examined(*clean, groups=groups)) == ()


@pytest.mark.parametrize("name", ["angles", "squares"])
def test_synthetic_sets_are_clean(name):
    pixels, labels, classes, split = make(name)
    assert checks.run(examined(pixels, labels, split, classes=classes)) == ()


def test_copies_between_splits(clean):
    pixels, labels, split = clean
    pixels[[4, 90, 92]] = pixels[0]
    pixels[81] = pixels[7]
    notices = checks.run(examined(pixels, labels, split))
    in_test, in_valid, _ = notices
    assert [n.code for n in notices] == ["duplicates-test-train", "duplicates-valid-train", "duplicates-within-split"]
    assert in_test.text == (
        "2 of 30 test images are also in train (same content): the test score partly measures memory; "
        "keep each image in one split"
    )
    assert in_test.examples == ("test/90.png = train/0.png", "test/92.png = train/0.png")
    assert in_valid.examples == ("valid/81.png = train/7.png",)


def test_copies_within_a_split(clean):
    pixels, labels, split = clean
    pixels[[2, 4]] = pixels[0]
    notice = only(checks.run(examined(pixels, labels, split)), "duplicates-within-split")
    assert notice.text == (
        "2 of 120 images repeat another image of the same split: they count double; remove them unless that is meant"
    )
    assert notice.examples == ("train/2.png", "train/4.png")


def test_one_image_under_two_labels(clean):
    pixels, labels, split = clean
    pixels[[1, 3]] = pixels[0]
    notice = checks.run(examined(pixels, labels, split))[1]
    assert notice.code == "conflicting-labels"
    assert notice.text == (
        "1 image has more than one label: no network can get all of them right, and none more than 99.17% of the set; "
        "correct the label or remove them"
    )
    assert notice.examples == ("train/0.png (cat) = train/1.png (dog)", "train/0.png (cat) = train/3.png (dog)")


def photographs(count):
    files = sorted((real_data("hymenoptera") / "train").glob("*/*.jpg"))[::3][:count]
    return [Image.open(file).convert("RGB").resize((128, 128)) for file in files]


def test_photographs_saved_again_and_darkened(tmp_path):
    photos = photographs(60)
    copies = []
    for i, photo in enumerate(photos[:20]):
        photo.save(tmp_path / f"{i}.jpg", quality=90)
        copies.append(ImageEnhance.Brightness(Image.open(tmp_path / f"{i}.jpg")).enhance(0.9))
    pixels = np.stack([np.asarray(image) for image in (*photos, *copies)])
    split = np.repeat(["train", "test"], [60, 20])
    notice = only(checks.run(examined(pixels, np.arange(80) % 2, split)), "lookalikes-test-train")
    found, rest = notice.text.split(maxsplit=1)
    assert int(found) >= 16
    assert rest == (
        "test images of 20 nearly the same as one in train: if they are copies or views of one thing, "
        "the test score is too good; keep those in one split (a column 'group' does it)"
    )
    assert all(int(a[5:-4]) == int(b[6:-4]) + 60 for a, b in (example.split(" ~ ") for example in notice.examples))


def test_photographs_of_different_insects_are_no_copies():
    pixels = np.stack([np.asarray(image) for image in photographs(80)])
    split = np.repeat(["train", "test"], [50, 30])
    assert checks.run(examined(pixels, np.arange(80) % 2, split, classes=("ants", "bees"))) == ()


def clustered(n, seed=0):
    """n examined images of two classes whose thumbprints often differ in few bits."""
    random = np.random.default_rng(seed)
    thumbprint = random.integers(0, 2**64, 12, dtype=np.uint64)[random.integers(0, 12, n)]
    for _ in range(5):
        flip = random.random(n) < 0.7
        thumbprint[flip] ^= np.uint64(1) << random.integers(0, 64, flip.sum(), dtype=np.uint64)
    content = random.integers(0, 256, (n, 16), dtype=np.uint8)
    split = np.array(["train", "test"])[random.integers(0, 2, n)]
    labels, zeros = random.integers(0, 2, n), np.zeros(n)
    return Examined(
        np.arange(n).astype(str), labels, ("cat", "dog"), split, None, content, thumbprint, zeros, zeros + 1
    )


@pytest.mark.parametrize("block", [lookalikes.BLOCK, 100])
def test_lookalikes_are_those_that_comparing_all_with_all_finds(monkeypatch, block):
    monkeypatch.setattr(lookalikes, "BLOCK", block)
    case = clustered(600)
    rows, others = (np.flatnonzero(case.split == name) for name in ("test", "train"))
    bits = np.bitwise_count(case.thumbprint[rows, None] ^ case.thumbprint[None, others])
    found, twins = lookalikes._similar(case, identities(case.content), rows, others)
    alike = (bits <= 3) & (case.labels[rows, None] == case.labels[None, others])
    assert 50 < len(found) < len(rows)
    assert (found == rows[alike.any(1)]).all()
    assert all(alike[np.searchsorted(rows, found), np.searchsorted(others, twins)])


def test_small_signs_are_too_alike_to_search():
    from sklearn.datasets import load_digits

    digits = load_digits()
    split = np.where(np.arange(1797) < 1400, "train", "test")
    pixels = digits.images.astype(np.uint8)[..., None]
    notice = only(checks.run(examined(pixels, digits.target, split, classes="0123456789")), "lookalikes-unknown")
    assert re.fullmatch(
        "near duplicates were not looked for, since these images are too alike to tell them by: "
        r"of 500,000 random pairs, \d\d of different classes pass for the same image",
        notice.text,
    )


@pytest.mark.parametrize("kind", ["multilabel", "number"])
def test_small_signs_of_other_targets_are_too_alike_to_search(kind):
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = digits.images.astype(np.uint8)[..., None]
    split = np.where(np.arange(1797) < 1400, "train", "test")
    bits, amounts = (digits.target[:, None] >> np.arange(4)) & 1, digits.target[:, None] + 0.5
    values = bits if kind == "multilabel" else amounts
    target = Target(kind, values, tuple("abcd"[: values.shape[1]]), ("",) * values.shape[1])
    listing = Listing("digits", "", from_memory(pixels, ""), split, target, split)
    assert listing.labels.max() > 5
    notices = checks.run(replace(examined(pixels, listing.labels, split, classes="x"), classes=()))
    assert "of different targets pass for the same" in only(notices, "lookalikes-unknown").text


def test_empty_grounds_are_not_lookalikes():
    """Faint images agree in their thumbprint by lack of content, and are left out."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (100, 32, 32, 1), dtype=np.uint8)
    waves = 100 + 10 * np.sin(np.arange(32))
    pixels[::10] = waves[:, None].astype(np.uint8)
    pixels[::10, 0, 0, 0] = range(95, 105)  # not quite the same image
    split = np.where(np.arange(100) // 10 % 2, "test", "train")
    assert checks.run(examined(pixels, np.arange(100) % 2, split)) == ()


def test_groups_in_two_splits(clean):
    groups = np.array([f"p{i}" for i in range(120)])
    groups[[95, 96, 97]] = "p3"
    groups[[98]] = "p4"
    groups[[60, 99, 85]] = ""
    notice = only(checks.run(examined(*clean, groups=groups)), "groups-test-train")
    assert notice.text == (
        "2 groups of test also occur in train (4 of 30 test images have such a group): the test score is too good; "
        "give each group to one split, or leave the splits to convscope"
    )
    assert notice.examples == ("p3", "p4")


def test_classes_missing_from_a_split(clean):
    pixels, labels, split = clean
    labels = np.where(split == "test", 0, labels)
    notices = checks.run(examined(pixels, labels, split, classes=("cat", "dog", "fox")))
    assert [n.code for n in notices] == ["missing-from-train", "missing-from-valid", "missing-from-test"]
    assert notices[0].text == (
        "1 class has no image in train (fox): "
        "the network cannot learn what it is never shown; add images or leave the class out"
    )
    assert notices[2].text == (
        "2 classes have no image in test (dog, fox): "
        "the test score says nothing about it; add images or let convscope draw the split"
    )


def test_an_absent_test_split_misses_nothing(clean):
    pixels, labels, split = clean
    assert checks.run(examined(pixels, labels, np.where(split == "test", "valid", split))) == ()


def test_few_images_and_imbalance(clean):
    pixels, _, split = clean
    labels = np.zeros(120, int)
    labels[[0, 1, 2, 3, 4, 80, 81, 90, 91]] = 1
    few, uneven = checks.run(examined(pixels, labels, split))
    assert few.code == "few-images"
    assert few.text == (
        "1 class has fewer than 20 images to train on (dog: 5): expect little of them; more images help most"
    )
    assert uneven.code == "imbalance"
    assert uneven.text == (
        "the classes differ in size, 15.0 to 1 in train: 75 cat, 5 dog. Always answering 'cat' is right in 94%: "
        "judge by balanced accuracy, and try --class-weights balanced"
    )


def test_three_to_one_is_not_yet_imbalance(clean):
    pixels, _, split = clean
    assert checks.run(examined(pixels, (np.arange(120) % 4 == 0).astype(int), split)) == ()


def test_constant_images(clean):
    pixels, labels, split = clean
    pixels[5], pixels[100] = 255, 0
    notice = only(checks.run(examined(pixels, labels, split)), "constant-images")
    assert notice.text == (
        "2 of 120 images have one value in every pixel: "
        "there is nothing to learn from them; look at them and remove them"
    )
    assert notice.examples == ("train/5.png (all 255)", "test/100.png (all 0)")


def test_values_divided_by_255_twice(clean):
    pixels, labels, split = clean
    notice = only(checks.run(examined((pixels / 255**2).astype(np.float32), labels, split)), "double-scaling")
    assert notice.text == (
        "all values lie in 0..0.0039, and 1/255 is 0.0039: somebody probably divided the images by 255 twice. "
        "convscope measures the range and trains all the same, but other programs will see black images"
    )
    assert checks.run(examined((pixels / 255).astype(np.float32), labels, split)) == ()


def test_many_images_are_searched_in_little_memory():
    """Comparing 40,000 thumbprints with 10,000 takes a few million comparisons, not 400 million."""
    import tracemalloc

    random = np.random.default_rng(0)
    n = 50_000
    case = Examined(
        np.arange(n).astype(str), random.integers(0, 10, n), tuple("abcdefghij"),
        np.repeat(["train", "test"], [40_000, 10_000]), None, random.integers(0, 256, (n, 16), dtype=np.uint8),
        random.integers(0, 2**64, n, dtype=np.uint64), np.zeros(n), np.ones(n),
    )  # fmt: skip
    tracemalloc.start()
    assert checks.run(case) == ()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6
