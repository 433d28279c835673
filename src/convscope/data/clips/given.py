"""Clips and volumes in files to be looked at, one after the other. What is wrong with a file belongs to that file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from convscope.data.clips.pages import ANIMATED, open_frames
from convscope.data.decode import open_image
from convscope.data.decode.encoded import Encoded, stored
from convscope.data.image_files import Held, array_in, example_arrays
from convscope.data.sources.candidate import by_number
from convscope.data.sources.files import VIDEO_ENDINGS, ending, is_hidden, is_image, is_video
from convscope.data.sources.npz_stacks import frames_last
from convscope.data.transforms import ClipTransform
from convscope.data.volumes.files import ENDINGS
from convscope.errors import DataError

HELD = ("an animated GIF or WebP, TIFF, .npy, NIfTI, .npz, a video, or a folder of frames",)


def in_clip_file(path: Path, rule: ClipTransform) -> Iterable[Held]:
    """Return the clips of a file, or those of a folder: its frames, a folder of frames each, or a file each.

    Raises:
        DataError: there is no such path, or it holds no clip.
    """
    noun = rule.example
    if path.is_dir():
        folders = [path, *sorted(each for each in path.rglob("*") if each.is_dir() and not is_hidden(each.name))]
        clips = [clip for folder in folders for clip in _in_folder(folder)]
        if not clips:
            raise DataError(f"{path} holds no {noun}: expected {HELD[0]}")
        return sorted(clips, key=lambda clip: by_number(clip.name))
    if not path.exists():
        raise DataError(f"there is no file or folder {path}")
    if path.suffix.lower() == ".npz":
        return _in_npz(path, rule)
    if ending(path.name) not in (*ANIMATED, *ENDINGS, *VIDEO_ENDINGS):
        raise DataError(f"{path}: this network takes {noun}s, which are read from {HELD[0]}")
    return [_held(path)]


def _in_folder(folder: Path) -> Iterator[Held]:
    """Yield the clips that lie in a folder itself: its files of several frames, or all its images as frames of one."""
    files = [each for each in folder.iterdir() if each.is_file() and not is_hidden(each.name)]
    files = sorted(filter(_may_be_shown, files), key=lambda each: by_number(each.name))
    several = [each for each in files if _holds_several(each)]
    if several:
        yield from map(_held, several)
    elif files:
        yield _of_frames(folder, files)


def _may_be_shown(path: Path) -> bool:
    return is_image(path.name) or is_video(path.name)


def _holds_several(path: Path) -> bool:
    """Return whether a file holds frames of its own; of one that cannot be read, its ending tells."""
    kind = ending(path.name)
    if is_video(path.name):
        return True
    if kind not in (".gif", ".webp", *ENDINGS):
        return False
    try:
        return len(open_frames(path, path.name)) > 1
    except Exception:  # reading it says why
        return kind in (".gif", *ENDINGS)


def _of_frames(folder: Path, files: list[Path]) -> Held:
    def read() -> list[Encoded]:
        return [open_image(file.read_bytes()) for file in files]

    return Held(str(folder), read)


def _held(path: Path) -> Held:
    def read() -> np.ndarray:
        frames = open_frames(path, path.name)
        return frames.read(range(len(frames)))

    return Held(str(path), read)


def _in_npz(path: Path, rule: ClipTransform) -> Iterator[Held]:
    """Yield the clips of a NumPy archive: of the arrays that training would read, or the only one that can be."""
    expected = f"{rule.example}s as x ({rule.example}s, {rule.words[0]}s, height, width), perhaps with channels"
    for name in example_arrays(path, (4, 5), expected):
        values = array_in(path, name)
        try:
            lay = frames_last(values.shape[1:])
        except DataError as error:
            raise DataError(f"{path}, array {name}: {error}") from None
        for at in range(len(values)):
            clip = lay(values[at : at + 1])[0]
            yield Held(f"{path}/{name}/{at}", lambda clip=clip: stored(clip))
