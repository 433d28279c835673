"""Clips and volumes by class: every form that they come in, how it is told, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

import convscope as cs
from convscope.data.clips.groups import sources_of
from convscope.data.transforms import ClipTransform, StackTransform, transform_from_dict
from convscope.errors import ConfigError, DataError

EACH, FRAMES = 8, 6


def clip(seed: int, frames: int = FRAMES, size: tuple[int, int] = (10, 12)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (frames, *size), np.uint8)


def save_folder(path: Path, frames: np.ndarray, name: str = "frame_{}.png") -> None:
    path.mkdir(parents=True)
    for number, frame in enumerate(frames, 1):
        Image.fromarray(frame).save(path / name.format(number))


def save_animated(path: Path, frames: np.ndarray) -> None:
    first, *rest = map(Image.fromarray, frames)
    first.save(path, save_all=True, append_images=rest, **({"lossless": True} if path.suffix == ".webp" else {}))


def by_class(root: Path, save, ending: str = "") -> Path:
    for label in ("walk", "wave"):
        (root / label).mkdir(parents=True, exist_ok=True)
        for number in range(EACH):
            save(root / label / f"{number}{ending}", clip(number + 100 * (label == "wave")))
    return root


def values_of(data: cs.Data) -> dict[str, np.ndarray]:
    everything = data.everything
    return {Path(each.id).stem + each.label: each.image for each in everything}


def expected() -> dict[str, np.ndarray]:
    names = [(label, number) for label in ("walk", "wave") for number in range(EACH)]
    return {f"{number}{label}": clip(number + 100 * (label == "wave"))[..., None] for label, number in names}


def same(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> bool:
    return found.keys() == wanted.keys() and all(np.array_equal(found[name], wanted[name]) for name in wanted)


def test_folders_of_frames_in_the_order_of_their_numbers(tmp_path: Path):
    many = by_class(tmp_path / "set", lambda path, frames: save_folder(path, np.concatenate([frames, frames])))
    data = cs.load(many)
    assert data.train.input.spec.kind == "video" and isinstance(data.preprocessing, ClipTransform)
    wanted = {name: np.concatenate([each, each]) for name, each in expected().items()}
    assert same(values_of(data), wanted)  # frame_10 behind frame_9
    assert "each folder of frames a clip" in data.facts["found"]


@pytest.mark.parametrize("ending", [".gif", ".webp"])
def test_animated_files(tmp_path: Path, ending: str):
    data = cs.load(by_class(tmp_path / "set", save_animated, ending))
    assert data.train.input.spec.kind == "video" and same(values_of(data), expected())


def test_the_axis_of_a_tiff_tells_a_clip_from_a_volume(tmp_path: Path):
    for axes, kind in (("TYX", "video"), ("ZYX", "volume")):
        root = by_class(
            tmp_path / axes,
            lambda path, frames, axes=axes: tifffile.imwrite(path, frames, imagej=True, metadata={"axes": axes}),
            ".tif",
        )
        data = cs.load(root)
        assert data.train.input.spec.kind == kind and same(values_of(data), expected())


def test_numbered_images_are_images_until_they_are_said_to_be_frames(tmp_path: Path):
    root = by_class(tmp_path / "set", lambda path, frames: save_folder(path, frames, "{}.png"))
    images = cs.load(root)
    assert images.train.input.spec.kind == "image"
    assert any("--stacks clips" in notice.text for notice in images.warnings)
    assert same(values_of(cs.load(root, stacks="clips")), expected())
    volumes = cs.load(root, stacks="volumes")
    assert volumes.train.input.spec.kind == "volume" and isinstance(volumes.preprocessing, StackTransform)
    assert not any("--stacks" in notice.text for notice in cs.load(root, stacks="slices").warnings)


def test_arrays(tmp_path: Path):
    clips, labels = np.stack([clip(number) for number in range(16)]), np.arange(16) % 2
    for name, array, kind in (
        ("clips", clips, "video"), ("x", clips[..., None], "video"), ("volumes", clips, "volume"),
        ("x", clips[:, :, :6, :6], "volume"),  # a cube, of which no axis can be the channels
    ):  # fmt: skip
        np.savez(tmp_path / "set.npz", **{name: array, "y": labels})
        data = cs.load(tmp_path / "set.npz")
        assert data.train.input.spec.kind == kind and data.train.input.spec.shape[0] == FRAMES
    np.savez(tmp_path / "first.npz", clips=np.stack([clips] * 3, 1), y=labels)  # channels first of all
    assert cs.load(tmp_path / "first.npz").train.input.spec.shape == (FRAMES, 10, 12, 3)
    np.savez(tmp_path / "flag.npz", x=clips, y=labels)
    assert cs.load(tmp_path / "flag.npz").train.input.spec.kind == "image"
    assert cs.load(tmp_path / "flag.npz", stacks="clips").train.input.spec.kind == "video"


def test_volumes_in_numpy_files(tmp_path: Path):
    root = by_class(tmp_path / "set", np.save, ".npy")
    assert same(values_of(cs.load(root, stacks="volumes")), expected())
    cubes = by_class(tmp_path / "cubes", lambda path, frames: np.save(path, frames[:, :6, :6]), ".npy")
    assert cs.load(cubes).train.input.spec.kind == "volume"


def test_frames_at_even_distances_and_short_clips_are_told(tmp_path: Path):
    root = by_class(tmp_path / "set", save_animated, ".gif")
    data = cs.load(root, frames=3)
    assert same(values_of(data), {name: each[[1, 3, 5]] for name, each in expected().items()})
    save_animated(root / "walk" / "short.gif", clip(7, 2))
    data = cs.load(root)
    assert data.train.input.spec.shape[0] == FRAMES
    assert any(notice.code == "short-clips" and notice.examples for notice in data.warnings)
    np.testing.assert_array_equal(values_of(data)["shortwalk"], clip(7, 2)[[0, 0, 0, 1, 1, 1]][..., None])


def test_what_cannot_be_read_is_listed_and_may_be_left_out(tmp_path: Path):
    root = by_class(tmp_path / "set", save_animated, ".gif")
    (root / "walk" / "broken.gif").write_bytes(b"GIF89a nothing")
    save_animated(root / "wave" / "still.gif", clip(1, 1))
    with pytest.raises(DataError, match=r"2 of 18 clips cannot be read(?s:.*)broken\.gif(?s:.*)holds one frame"):
        cs.load(root)
    data = cs.load(root, skip_bad=True)
    assert len(data.everything) == 16 and same(values_of(data), expected())
    assert any(notice.code == "unreadable" and len(notice.examples) == 2 for notice in data.warnings)


def test_frames_of_different_sizes_are_refused(tmp_path: Path):
    root = by_class(tmp_path / "set", save_folder)
    Image.fromarray(np.zeros((5, 5), np.uint8)).save(root / "walk" / "3" / "frame_4.png")
    with pytest.raises(DataError, match=r"walk/3: walk/3/frame_4.png is 5 × 5, its first frame 10 × 12"):
        cs.load(root)
    data = cs.load(root, skip_bad=True)
    assert len(data.everything) == 15 and "3walk" not in values_of(data)


def test_frames_of_one_clip_belong_to_one_split_and_class(tmp_path: Path):
    for split in ("train", "test"):
        by_class(tmp_path / "set" / split, save_folder)
    data = cs.load(tmp_path / "set")
    assert data.test is not None and len(data.test) == 2 * EACH and len(data.everything) == 4 * EACH


def test_clips_of_one_source_stay_together(tmp_path: Path):
    for label in ("walk", "wave"):
        for source in range(6):
            for cut in range(3):
                path = tmp_path / label / f"v_{label}_g0{source}_c0{cut}.gif"
                path.parent.mkdir(exist_ok=True)
                save_animated(path, clip(source * 10 + cut))
    data = cs.load(tmp_path)
    of = [set(split.groups.tolist()) for split in data.splits if split.groups is not None]
    assert len(of) == 3 and not (of[0] & of[1] or of[0] & of[2] or of[1] & of[2])
    assert any(notice.code == "sources" for notice in data.warnings)
    assert cs.load(tmp_path, group="none").groups is None


def test_sources_are_told_by_names_and_folders():
    assert sources_of(["run/dive_clip1", "run/dive_clip2"]) == ["run/dive", "run/dive"]
    assert sources_of(["run/7/a", "run/7/b", "sit/8/a"]) == ["run/7", "run/7", "sit/8"]
    assert sources_of(["train/run/a", "test/run/b"]) is None
    assert sources_of(["run/clip1", "run/clip2"]) is None


def test_a_video_needs_the_extra(tmp_path: Path):
    for label in ("walk", "wave"):
        (tmp_path / label).mkdir()
        for number in range(3):
            (tmp_path / label / f"{number}.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    try:
        import av  # noqa: F401
    except ImportError:
        with pytest.raises(ConfigError, match=r"pip install 'convscope\[video\]'"):
            cs.load(tmp_path)
    else:
        pytest.skip("PyAV is installed")


def test_settings_that_mean_nothing_are_refused(tmp_path: Path):
    root = by_class(tmp_path / "set", save_animated, ".gif")
    with pytest.raises(ConfigError, match="--frames 1: expected 2 or more"):
        cs.load(root, frames=1)
    with pytest.raises(ConfigError, match="--fit keep"):
        cs.load(root, fit="keep")
    with pytest.raises(ConfigError, match="--frames 4: for clips"):
        cs.load("digits", frames=4)
    with pytest.raises(ConfigError, match=r"--stacks clips: digits is .* no clips with one answer"):
        cs.load("digits", stacks="clips")
    with pytest.raises(ConfigError, match="--tokens words"):
        cs.load(root, tokens="words")
    with pytest.raises(ConfigError, match="--stacks slices: motions"):
        cs.load("motions", stacks="slices")


def test_arrays_at_hand():
    clips = np.stack([clip(number) for number in range(20)])
    for named, kind in (({"video": clips}, "video"), (clips[..., None], "video"), ({"volume": clips}, "volume")):
        data = cs.from_arrays(named, np.arange(20) % 2)
        assert data.train.input.spec.kind == kind and data.preprocessing.kind == kind
        assert data.preprocessing.tensor(data.train.input.take(np.arange(2))).shape == (2, 1, FRAMES, 10, 12)


def test_one_rule_for_files_and_arrays(tmp_path: Path):
    """The same clip gives the same tensor from the cache, from an array and, sampled, from its file."""
    root = by_class(tmp_path / "set", save_animated, ".gif")
    data = cs.load(root, frames=4, img_size=8)
    rule = data.preprocessing
    for each in (data.train[0], data.train[3]):
        from convscope.data.clips.given import in_clip_file

        (held,) = in_clip_file(root / each.id, rule)
        np.testing.assert_array_equal(held.stored(rule).values, each.image)
    again = transform_from_dict(rule.to_dict())
    assert again == rule and type(again) is type(rule)
    x = rule.tensor(data.train.input.take(np.arange(3)))
    assert x.shape == (3, 1, 4, 8, 8)
    np.testing.assert_array_equal(rule.undo(x), data.train.input.take(np.arange(3)))
