"""``convscope evaluate``: the figures of a run, on its own held-out examples or on another set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from convscope.cli.flags import ScoredFlags, given
from convscope.cli.output import show_json
from convscope.terminal.screen import out, say_warning
from convscope.views import run as views


def evaluate(
    run: Path,
    data: str | None = None,
    *,
    split: Literal["train", "valid", "test", "all"] | None = None,
    tta: int = 0,
    amp: Annotated[bool, Parameter(negative="")] = False,
    tiles: Literal["auto", "exact", "gaussian", "whole"] = "auto",
    hd95: Annotated[bool, Parameter(negative="")] = False,
    pixel_size: str | None = None,
    threads: int | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    reading: ScoredFlags | None = None,  # pyright: ignore[reportInvalidTypeForm]
) -> int:
    """Score a run; every figure has a 95 % interval.

    Parameters
    ----------
    run
        Run folder.
    data
        Another set with the same targets; by default the run's own.
    split
        Split to score; by default test, or valid where there is no test split; of another set without splits all.
    tta
        Average the predictions of this many augmented copies of each image.
    amp
        Compute in bfloat16, which is faster on some processors; refused where it changes too many predictions.
    tiles
        How large images are divided, of a network that predicts every pixel: exact tiles give the numbers of the whole
        image, gaussian ones are blended; auto takes the whole where memory has room, else exact ones where it has such.
    hd95
        Score the 95th percentile of the distances between true and predicted surfaces of masks, too: in pixels, of
        volumes in the unit of their spacing.
    pixel_size
        Size of a pixel, such as "0.5 um": the unit of these distances.
    threads
        Processor threads; by default as PyTorch chooses.
    as_json
        Print JSON.
    """
    from convscope.cli.scores import scores_table
    from convscope.runs.run import open_run
    from convscope.training.threads import using

    with using(threads):
        metrics = open_run(run).evaluate(
            data, split=split, tta=tta, amp=amp, tiles=tiles, hd95=hd95, pixel_size=pixel_size, **given(reading)
        )
    for warning in metrics["warnings"]:
        say_warning(warning)
    if as_json:
        show_json(views.evaluation(metrics))
    else:
        out.print(scores_table(metrics))
    return 0
