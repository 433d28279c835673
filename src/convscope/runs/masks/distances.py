"""A run whose masks are scored with the distances of their surfaces, in a unit that may be given."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convscope.data.spec import Instances, PixelClasses
from convscope.errors import ConfigError
from convscope.runs.masks.pixel_size import PixelSize

if TYPE_CHECKING:
    from convscope.runs.run import Run


def with_distances(run: Run, pixel_size: str | None, *, asked: bool) -> Run:
    """Return the run as it scores the HD95 where it is ``asked``, or was when it was trained.

    ``pixel_size`` is the size of a pixel of the set that is scored; by default that of training, or pixels.

    Raises:
        ConfigError: the run predicts no masks, a size that is none, or a size without distances.
    """
    target = run.spec.target
    flags = [flag for flag, given in (("--hd95", asked), ("--pixel-size", pixel_size is not None)) if given]
    if not flags:
        return run
    if not isinstance(target, PixelClasses | Instances):
        raise ConfigError(
            f"{', '.join(flags)}: for runs that predict masks; {run.folder} has learned {target.kind}: leave it out"
        )
    if not (asked or run.plan.options.hd95):
        raise ConfigError("--pixel-size: no figure but the HD95 has a unit; say --hd95, too, or leave it out")
    if pixel_size is not None:
        size = PixelSize.read(pixel_size)
        target = replace(target, spacing=size.of_axes(len(run.spec.input.space)), unit=size.unit)
    plan = replace(run.plan, task_options={**run.plan.task_options, "hd95": True})
    return replace(run, spec=replace(run.spec, target=target), plan=plan)
