"""``convscope data``: the sets that have names, a check of any set, a look at augmentation, fetching a public set."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from convscope.cli.flags import ReadFlags, given, size
from convscope.cli.output import err, notices, out, pairs, show_json, table
from convscope.data.preprocessing import Fit

app = App(name="data", help="Sets that have names, a check of any set, a look at its augmentation, fetching one.")

Json = Annotated[bool, Parameter(name="--json", negative="")]


@app.command(name="list")
def list_sets(*, data_root: Path | None = None, cache: Path | None = None, as_json: Json = False) -> int:
    """List the sets that have names, and where they are on this machine.

    Parameters
    ----------
    data_root
        Folder that holds named sets.
    cache
        Folder of decoded images and downloads.
    as_json
        Print JSON.
    """
    from convscope.data.ingest.store import directory
    from convscope.data.named import catalogue

    rows = catalogue(data_root, directory(cache))
    if as_json:
        show_json([asdict(row) for row in rows])
        return 0
    cells = [
        (
            row.name,
            row.what,
            "" if row.images is None else f"{row.images:,}",
            "" if row.classes is None else row.classes,
            row.where or f"not here: convscope data fetch {row.name}",
        )
        for row in rows
    ]
    out.print(table(("set", "what it is", "images", "classes", "where"), cells, right=("images", "classes")))
    return 0


@app.command
def check(
    data: str,
    *,
    img_size: str | None = None,
    fit: Fit = "crop",
    skip_bad: bool = False,
    max_pixels: int | None = None,
    seed: int = 0,
    cache: Path | None = None,
    data_root: Path | None = None,
    as_json: Json = False,
    reading: ReadFlags | None = None,  # pyright: ignore[reportInvalidTypeForm]
) -> int:
    """Read a set as `train` would and say what it is and what is suspicious about it.

    Parameters
    ----------
    data
        Folder, archive, table, IDX or NPZ file, or the name of a set.
    img_size
        Image size: 224, or HxW such as 96x128.
    fit
        How images of another size are brought to it; centre cuts the middle out, unscaled.
    skip_bad
        Leave unreadable images out and list them, instead of stopping.
    max_pixels
        Largest image to decode, in pixels.
    seed
        Seed of the splits that are drawn.
    cache
        Folder of decoded images.
    data_root
        Folder that holds named sets.
    as_json
        Print JSON.
    """
    from convscope.cli.live import Live
    from convscope.data.decode import MAX_PIXELS
    from convscope.data.loading import load

    with Live() as live:
        found = load(
            data,
            img_size=None if img_size is None else size(img_size),
            fit=fit,
            skip_bad=skip_bad,
            max_pixels=max_pixels or MAX_PIXELS,
            seed=seed,
            cache=cache,
            data_root=data_root,
            progress=live.on_progress,
            **given(reading),
        )
    if as_json:
        show_json(
            {
                "name": found.name,
                "facts": found.facts,
                "classes": found.classes,
                "splits": {split.name: len(split) for split in found.splits},
                "fingerprint": found.fingerprint,
                "warnings": [asdict(notice) for notice in found.warnings],
            }
        )
    else:
        out.print(found.name, style="bold", markup=False)
        out.print(pairs(found.facts))
        out.print(notices(found.warnings) if found.warnings else "nothing suspicious found")
    return 0


@app.command
def show(
    data: str,
    *,
    augment: str | None = None,
    out: Path | None = None,
    images: int = 6,
    copies: int = 5,
    seed: int = 0,
    img_size: str | None = None,
    fit: Fit = "crop",
    skip_bad: bool = False,
    max_pixels: int | None = None,
    cache: Path | None = None,
    data_root: Path | None = None,
    reading: ReadFlags | None = None,  # pyright: ignore[reportInvalidTypeForm]
) -> int:
    """Draw what augmentation makes of a set's training images, exactly as the first epochs of `train` would see them.

    Parameters
    ----------
    data
        Folder, archive, table, IDX or NPZ file, or the name of a set.
    augment
        Augmentation such as "tissue" or "hflip rotate=10"; by default what `train` would choose.
    out
        The picture's file, PNG or SVG; by default DATA-augmented.png.
    images
        Rows: training images, one of each class first; at most 100.
    copies
        Columns: as many first epochs; at most 12.
    seed
        Seed of the splits that are drawn and of the augmentation.
    img_size
        Image size: 224, or HxW such as 96x128.
    fit
        How images of another size are brought to it; centre cuts the middle out, unscaled.
    skip_bad
        Leave unreadable images out and list them, instead of stopping.
    max_pixels
        Largest image to decode, in pixels.
    cache
        Folder of decoded images.
    data_root
        Folder that holds named sets.
    """
    from convscope.cli.live import Live
    from convscope.data.augment import Policy, default_policy
    from convscope.data.decode import MAX_PIXELS
    from convscope.data.loading import load
    from convscope.report.augmented import check_numbers, write_augmented

    policy, reason = None if augment in (None, "auto") else Policy.parse(augment), ""
    check_numbers(images, copies, out)
    with Live() as live:
        found = load(
            data, img_size=None if img_size is None else size(img_size), fit=fit, skip_bad=skip_bad,
            max_pixels=max_pixels or MAX_PIXELS, seed=seed, cache=cache, data_root=data_root,
            progress=live.on_progress, **given(reading),
        )  # fmt: skip
    if policy is None:
        policy, reason = default_policy(found)
    if left_out := [notice for notice in found.warnings if notice.code in ("unreadable", "absent")]:
        err.print(notices(left_out))
    file = write_augmented(found, policy, out, images=images, copies=copies, seed=seed)
    err.print(f"{policy}  ({reason})" if reason else str(policy), markup=False)
    err.print(f"the picture is {file}", markup=False)
    return 0


@app.command
def fetch(name: str, *, data_root: Path | None = None, cache: Path | None = None) -> int:
    """Download a public set, checked by its published md5.

    Parameters
    ----------
    name
        mnist, fashion-mnist or cifar10.
    data_root
        Folder to put it in; by default convscope's own, below the cache.
    cache
        Folder of decoded images and downloads.
    """
    from convscope.cli.live import Live
    from convscope.data.ingest.store import directory
    from convscope.data.named import fetch as download

    with Live() as live:
        folder = download(name, data_root or directory(cache) / "downloads", live.on_progress)
    err.print(f"{name} is in {folder}", markup=False)
    return 0
