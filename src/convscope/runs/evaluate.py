"""The figures of a run on any labelled images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convscope.data.dataset import Data, Split
from convscope.errors import DataError
from convscope.runs.source import load_source

if TYPE_CHECKING:
    from convscope.runs.run import Run


def evaluate(
    run: Run,
    data: str | Path | Data | None = None,
    *,
    split: str | None = None,
    tta: int = 0,
    cache: str | None = None,
    data_root: str | None = None,
) -> dict[str, Any]:
    """Return the figures of merit of a run on its own set, or on ``data`` with the same classes.

    ``split`` is "train", "valid", "test" or "all"; by default the split the run was judged on, or everything where
    another set says nothing of splits. Raises ``DataError`` where the classes differ or the split does not exist.
    """
    plan, shape = run.plan, run.spec.preprocessing
    plan = replace(
        plan,
        img_size=(shape.height, shape.width),
        fit=shape.fit,
        cache=cache or plan.cache,
        data_root=data_root or plan.data_root,
    )
    loaded = data if isinstance(data, Data) else load_source(run.source if data is None else data, plan)
    run.check_fits(loaded)
    if split is None and data is not None and not loaded.given:
        split = "all"
    chosen = _split(loaded, split)
    scores, _ = run.score(chosen, tta=tta)
    return {"split": split or chosen.name, "examples": len(chosen), "tta": tta, **scores}


def _split(data: Data, name: str | None) -> Split:
    if name == "all":
        return _union(data)
    if name is None:
        return data.test or data.valid
    for split in data.splits:
        if split.name == name:
            return split
    raise DataError(f"{data.name} has no {name!r} split; it has {', '.join(s.name for s in data.splits)}")


def _union(data: Data) -> Split:
    rows = np.concatenate([s.rows for s in data.splits])
    order = np.argsort(rows)
    labels, ids = (np.concatenate([getattr(s, key) for s in data.splits])[order] for key in ("labels", "ids"))
    return replace(data.train, rows=rows[order], labels=labels, ids=ids, groups=None)
