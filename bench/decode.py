"""How fast 96 × 96 JPEGs become the cache's array, on two cores, against plain Pillow loops that save the same array.

``python bench/decode.py [COUNT]``. All contenders read the same files in processes of their own; what is timed starts
with a list of paths and ends with the array on disk (convscope's also synced, every image hashed and measured).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from record import alternate, ratio, record
from skimage import data

SIDE, ROUNDS, THREADS = 96, 3, 2


def make(folder: Path, count: int) -> None:
    """Write pieces of scikit-image's photographs, 3 to 4 kB each at quality 90."""
    rng = np.random.default_rng(0)
    photographs = [data.astronaut(), data.chelsea(), data.coffee(), data.rocket()]
    for at in range(count):
        path = folder / f"class{at % 2}" / f"{at:06d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        photograph = photographs[at % len(photographs)]
        top, left = (rng.integers(0, size - 2 * SIDE + 1) for size in photograph.shape[:2])
        piece = Image.fromarray(photograph[top : top + 2 * SIDE, left : left + 2 * SIDE])
        piece.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(path, quality=90)


def plain(folder: Path, out: Path) -> float:
    """Decode image by image into the file."""
    paths = sorted(folder.rglob("*.jpg"))
    began = time.perf_counter()
    pixels = np.lib.format.open_memmap(out / "pixels.npy", "w+", np.uint8, (len(paths), SIDE, SIDE, 3))
    for at, path in enumerate(paths):
        pixels[at] = np.asarray(Image.open(path).convert("RGB"))
    pixels.flush()
    return time.perf_counter() - began


def plainest(folder: Path, out: Path) -> float:
    """Decode into a list, stack it, save it."""
    paths = sorted(folder.rglob("*.jpg"))
    began = time.perf_counter()
    np.save(out / "pixels.npy", np.stack([np.asarray(Image.open(path).convert("RGB")) for path in paths]))
    return time.perf_counter() - began


def convscope(folder: Path, out: Path) -> float:
    from convscope.data.decode.encoded import MAX_PIXELS
    from convscope.data.detect import sniff
    from convscope.data.ingest.build import Size
    from convscope.data.ingest.store import entry

    images = sniff(folder, out).images
    began = time.perf_counter()
    entry(images, Size(None, "crop", MAX_PIXELS), out, THREADS, lambda what, done, total: None)
    return time.perf_counter() - began


def apart(contender: str, folder: Path, without: Path | None = None) -> float:
    """Time a contender in a process of its own; ``without`` holds a module that hides simplejpeg."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as out:
        command = [sys.executable, __file__, contender, str(folder), out]
        path = {} if without is None else {"PYTHONPATH": str(without)}
        return float(subprocess.run(command, env={**os.environ, **path}, check=True, stdout=subprocess.PIPE).stdout)


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder, hiding = Path(root) / "set", Path(root) / "hiding"
        make(folder, count)
        hiding.mkdir()
        (hiding / "simplejpeg.py").write_text("raise ImportError('hidden')\n")
        contenders: dict[str, Callable[[], float]] = {
            "plain": partial(apart, "plain", folder),
            "plainest": partial(apart, "plainest", folder),
            "with simplejpeg": partial(apart, "convscope", folder),
            "without simplejpeg": partial(apart, "convscope", folder, hiding),
        }
        seconds = alternate(contenders, ROUNDS)
    rows: list[dict[str, object]] = []
    for name, target in {"with simplejpeg": 4.0, "without simplejpeg": 1.5}.items():
        rows.append(
            {
                "what": name,
                "images": count,
                "times_pillow_into_file": ratio(seconds["plain"], seconds[name]),
                "times_pillow_list_stack_save": ratio(seconds["plainest"], seconds[name]),
                "target": target,
                "images_per_s": round(count / float(np.median(seconds[name]))),
                "pillow_into_file_images_per_s": round(count / float(np.median(seconds["plain"]))),
                "trials": ROUNDS,
            }
        )
    record("decode", rows)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        contender = {"plain": plain, "plainest": plainest, "convscope": convscope}[sys.argv[1]]
        print(contender(Path(sys.argv[2]), Path(sys.argv[3])))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
