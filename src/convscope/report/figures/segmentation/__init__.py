"""Figures of masks: where they are right and wrong, and how many objects were found."""

from convscope.report.figures.segmentation import areas, counts, masks, matches

__all__ = ["areas", "counts", "masks", "matches"]
