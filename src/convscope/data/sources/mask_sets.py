"""Every way in which images lie with their masks, asked in turn."""

from __future__ import annotations

from convscope.data.sources import coco, mask_pairs, mask_suffixes, mask_table, nnunet, voc
from convscope.data.sources.candidate import Candidate
from convscope.data.sources.columns import Columns
from convscope.data.sources.files import Files

LAYOUTS = (mask_table.find, coco.find, nnunet.find, voc.find, mask_pairs.find, mask_suffixes.find)


def find(files: Files, columns: Columns) -> list[Candidate]:
    """Return what the first layout finds that finds anything: a later one would see the same files less clearly."""
    return next(filter(None, (layout(files, columns) for layout in LAYOUTS)), [])
