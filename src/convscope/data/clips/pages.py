"""The frames of a file that holds several: animated GIF and WebP, TIFF, NumPy, NIfTI; videos through PyAV.

Which reader a file has is told by its ending; what is wrong with a file belongs to that file alone.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from convscope.data.decode.encoded import Unreadable, stored, verdict
from convscope.data.ingest.pool import Bad
from convscope.data.sources.files import Files, Names, Payload, ending, is_video
from convscope.data.sources.made_files import Made, as_npy
from convscope.data.volumes.files import ENDINGS, open_volume
from convscope.data.volumes.masks import source_of
from convscope.errors import ConfigError

ANIMATED = (".gif", ".webp", ".png")
Source = Path | bytes


class Frames:
    """The frames of one file: how many, and ``read`` those at some positions, (k, H, W, C)."""

    def __init__(self, length: int, read: Callable[[Sequence[int]], np.ndarray]) -> None:
        self.length, self._read = length, read

    def __len__(self) -> int:
        return self.length

    def read(self, at: Sequence[int]) -> np.ndarray:
        """Return some frames; ``Unreadable`` where the file is damaged behind its header."""
        try:
            return stored(self._read(at))
        except Exception as error:  # whatever a decoder raises on a file is a verdict on this file
            raise verdict(error) from None


def open_frames(source: Source, name: str) -> Frames:
    """Read the header of a file of several frames; its ``name`` tells by which reader.

    Raises:
        Unreadable: the file is damaged, or of no such kind.
        ConfigError: what reads such files is not installed.
    """
    kind = ending(name)
    try:
        if kind in ANIMATED:
            return _animated(source)
        if is_video(name):
            return _video(source)
        if kind in ENDINGS:
            volume = open_volume(source, name)
            return Frames(volume.shape[0], lambda at: np.asarray(volume.read())[np.asarray(at)])
    except ConfigError:
        raise
    except Exception as error:
        raise verdict(error) from None
    raise Unreadable(f"a {kind or 'file without an ending'} holds no frames; expected GIF, WebP, TIFF, .npy or video")


def is_animated(source: Source) -> bool:
    """Return whether a picture file holds several frames; of one that cannot be read it is not told."""
    try:
        return len(_animated(source)) > 1
    except Exception:  # decoding says why
        return False


def _animated(source: Source) -> Frames:
    from PIL import Image

    def opened() -> Any:
        return Image.open(io.BytesIO(source) if isinstance(source, bytes) else source)

    def read(at: Sequence[int]) -> np.ndarray:
        frames = []
        with opened() as image:
            for position in at:
                image.seek(int(position))
                frames.append(np.asarray(image.convert("RGB")))
        pixels = np.stack(frames)
        grey = (pixels == pixels[..., :1]).all()
        return pixels[..., :1] if grey else pixels

    with opened() as image:
        return Frames(int(getattr(image, "n_frames", 1)), read)


def _video(source: Source) -> Frames:
    try:
        import av  # pyright: ignore[reportMissingImports]  the extra "video"
    except ImportError:
        raise ConfigError(
            "videos (MP4, AVI, ...) are read by PyAV, which is not installed; install it with pip install "
            "'convscope[video]', or save each clip as a folder of frames, a GIF, or an array of an .npz"
        ) from None

    def opened() -> Any:
        return av.open(io.BytesIO(source) if isinstance(source, bytes) else str(source))

    def read(at: Sequence[int]) -> np.ndarray:
        wanted, kept = {int(position) for position in at}, {}
        with opened() as container:
            for number, frame in enumerate(container.decode(video=0)):
                if number in wanted:
                    kept[number] = frame.to_ndarray(format="rgb24")
                if number >= max(wanted):
                    break
        return np.stack([kept[int(position)] for position in at])

    with opened() as container:  # counted, since what headers say of it is often 0 or wrong
        return Frames(sum(1 for _ in container.decode(video=0)), read)


def lengths_of(files: Files, names: np.ndarray, progress: Callable[[str, int, int], None]) -> tuple[np.ndarray, Bad]:
    """Return how many frames each file holds, (n,), 0 where it cannot be read; and why not."""
    lengths, bad = np.zeros(len(names), np.int64), {}
    for done, (row, payload) in enumerate(files.items(names)):
        try:
            lengths[row] = len(open_frames(source_of(payload), str(names[row])))
        except Unreadable as error:
            bad[row] = str(error)
        progress("counting frames", done + 1, len(names))
    return lengths, bad


class FramesOfFiles(Made):
    """Some frames of files, as files of their own, ``clip.gif[3]``; ``wanted`` says which of each file."""

    def __init__(self, files: Files, wanted: Mapping[str, np.ndarray]) -> None:
        super().__init__(files, [f"{name}[{at}]" for name, places in wanted.items() for at in places])

    def read(self, name: str) -> bytes:
        """Return one frame."""
        return next(data for _, data in self.items([name]) if isinstance(data, bytes))

    def items(self, names: Names) -> Iterator[tuple[int, Payload]]:
        """Yield (position in ``names``, the frame), file by file."""
        of = [_split(name) for name in names]
        for name, group in groupby(range(len(names)), key=lambda i: of[i][0]):
            rows = list(group)
            ((_, payload),) = self._files.items([name])
            try:
                pixels = open_frames(source_of(payload), name).read([of[i][1] for i in rows])
            except Unreadable as error:
                yield from ((i, error) for i in rows)
                continue
            yield from ((i, as_npy(frame)) for i, frame in zip(rows, pixels, strict=True))

    def _sources(self, names: Names) -> list[str]:
        return list(dict.fromkeys(_split(name)[0] for name in names))


def _split(name: str) -> tuple[str, int]:
    stem, _, at = str(name).removesuffix("]").rpartition("[")
    return stem, int(at)
