"""``convscope sample``: images that a run draws, as files and on one sheet beside what they resemble most."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from convscope.cli.output import show_json
from convscope.terminal.screen import out, say_warning
from convscope.text import count as counted


def sample(
    run: Path,
    *,
    count: Annotated[int, Parameter(name=("--count", "-n"))] = 64,
    seed: int = 0,
    out_folder: Annotated[Path | None, Parameter(name="--out")] = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Draw images from a run: of codes which no image is behind, each beside the training image that is nearest to it.

    Parameters
    ----------
    run
        Folder of a run whose network draws images, such as a variational autoencoder.
    count
        How many.
    seed
        The same seed draws the same images.
    out_folder
        Folder for the images, empty or new; by default "samples" in the run folder, with a number where that is taken.
    as_json
        Print JSON.
    """
    from convscope.errors import Error
    from convscope.report.drawn import write_samples
    from convscope.runs.evaluate import held_out
    from convscope.runs.run import open_run
    from convscope.runs.samples import Samples, beside_training, draw
    from convscope.runs.write import new_folder

    opened = open_run(run)
    pictures = draw(opened, count, seed=seed)
    samples, why = Samples(pictures), ""
    try:
        _, held, _ = held_out(opened)
        samples = beside_training(pictures, held.dataset.train, held, opened.spec.target)  # pyright: ignore[reportArgumentType]
    except Error as error:
        why = f"the nearest training images are not shown: {error}"
    folder = new_folder(out_folder, "samples", opened.folder)
    write_samples(samples, folder)
    if why:
        say_warning(why)
    told = {}
    if samples.distance is not None and samples.floor is not None:
        told = {"nearest_training": float(samples.distance.mean()), "of_held_out": float(samples.floor.mean())}
    if as_json:
        show_json({"folder": str(folder), "images": count, "seed": seed, **told})
        return 0
    out.print(f"{counted(count, 'image')}, and sheet.png: {folder}", markup=False)
    if told:
        out.print(
            f"root mean squared difference to the nearest training image: {told['nearest_training']:.4f}; of "
            f"held-out images: {told['of_held_out']:.4f}. Far below, images would be copies.",
            markup=False,
        )
    return 0
