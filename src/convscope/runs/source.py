"""The data of a run, loaded with the data settings of its plan."""

from __future__ import annotations

from pathlib import Path

from convscope.data.dataset import Data
from convscope.data.decode import MAX_PIXELS
from convscope.data.filling import Progress
from convscope.data.loading import load
from convscope.training.plan import Plan


def load_source(source: str | Path, plan: Plan, progress: Progress | None = None) -> Data:
    """Load what is at a path or has a name, as the plan says."""
    return load(
        source,
        img_size=plan.img_size,
        fit=plan.fit,
        valid=plan.valid,
        test=plan.test,
        seed=plan.seed,
        skip_bad=plan.skip_bad,
        cache=plan.cache,
        data_root=plan.data_root,
        workers=plan.workers,
        max_pixels=plan.max_pixels or MAX_PIXELS,
        progress=progress,
    )
