"""``convscope data``: list named sets, check any set, draw its augmentation, download a public set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from convscope.cli.flags import PlaceFlags, ReadFlags, given
from convscope.cli.output import show_json
from convscope.terminal.screen import err, out
from convscope.terminal.tables import notices, table
from convscope.views import data as views

app = App(name="data", help="List named sets, check any set, draw its augmentation, download a public set.")

Json = Annotated[bool, Parameter(name="--json", negative="")]
Places = PlaceFlags | None
Reading = ReadFlags | None


@app.command(name="list")
def list_sets(*, as_json: Json = False, places: Places = None) -> int:
    """List the named sets, and where they are on this machine.

    Parameters
    ----------
    as_json
        Print JSON.
    """
    from convscope.data.ingest.store import directory
    from convscope.data.named import catalogue

    where = given(places)
    rows = catalogue(where.get("data_root"), directory(where.get("cache")))
    if as_json:
        show_json(views.named(rows))
        return 0
    cells = [
        (
            row.name,
            row.what,
            "" if row.images is None else f"{row.images:,}",
            "" if row.classes is None else row.classes,
            row.where or f"not here; run: convscope data fetch {row.name}",
        )
        for row in rows
    ]
    out.print(table(("set", "what it is", "images", "classes", "where"), cells, right=("images", "classes")))
    return 0


@app.command
def check(
    data: str,
    *,
    seed: int = 0,
    as_json: Json = False,
    reading: Reading = None,
) -> int:
    """Read a set as `train` does; say what it holds and what looks wrong.

    Parameters
    ----------
    data
        Folder, archive, table, IDX or NPZ file, or the name of a set.
    seed
        Seed of drawn splits.
    as_json
        Print JSON.
    """
    from convscope.data.loading import load
    from convscope.terminal.facts import facts
    from convscope.terminal.live import Live

    with Live() as live:
        loaded = load(data, seed=seed, progress=live.progress, **given(reading))
    if as_json:
        show_json(views.checked(loaded))
    else:
        out.print(loaded.name, style="bold", markup=False)
        out.print(facts(loaded))
        out.print(notices(loaded.warnings) if loaded.warnings else "no problems found")
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
    reading: Reading = None,
) -> int:
    """Draw augmented training images, exactly as the first epochs of `train` see them.

    Where nothing is augmented, as for most numbers, the images as they are, with what is learned of each. Texts, DNA
    (below the logo of each class) and signals (with the spectrogram of sounds) are drawn as they are.

    Parameters
    ----------
    data
        Folder, archive, table, IDX or NPZ file, or the name of a set.
    augment
        Augmentation such as "tissue" or "hflip rotate=10"; by default the one that `train` chooses.
    out
        The picture's file, PNG or SVG; by default DATA-augmented.png, of texts and signals DATA-examples.png.
    images
        Number of rows, one per training image; at most 100.
    copies
        Number of columns, one per epoch; at most 12. Of texts and signals about rows times columns are drawn.
    seed
        Seed of the splits that are drawn and of the augmentation.
    """
    from convscope.data.augment import Policy
    from convscope.data.loading import load
    from convscope.report.augmented import check_numbers, write_augmented
    from convscope.tasks.registry import task
    from convscope.terminal.live import Live
    from convscope.training.defaults import settle
    from convscope.training.plan import make_plan

    plan = make_plan({"augment": augment or "auto"})
    check_numbers(images, copies, out)
    with Live() as live:
        loaded = load(data, seed=seed, progress=live.progress, **given(reading))
    settled = settle(plan, loaded)
    policy, reason = Policy.parse(settled.plan.augment), settled.reasons.get("augment")
    target = task(settled.plan.task).target(loaded, settled.plan.options)
    if left_out := [notice for notice in loaded.warnings if notice.code in ("unreadable", "absent")]:
        err.print(notices(left_out))
    file = write_augmented(loaded, policy, out, images=images, copies=copies, seed=seed, target=target)
    err.print(f"{policy}  ({reason})" if reason else str(policy), markup=False)
    err.print(f"picture: {file}", markup=False)
    return 0


@app.command
def fetch(name: str, *, places: Places = None) -> int:
    """Download a public set, checked by its published md5.

    It goes into --data-root, or into a folder of the cache.

    Parameters
    ----------
    name
        mnist, fashion-mnist or cifar10.
    """
    from convscope.data.ingest.store import directory
    from convscope.data.named import fetch as download
    from convscope.terminal.live import Live

    where = given(places)
    into = Path(where["data_root"]) if "data_root" in where else directory(where.get("cache")) / "downloads"
    with Live() as live:
        folder = download(name, into, live.progress)
    err.print(f"{name}: {folder}", markup=False)
    return 0
