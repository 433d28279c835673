"""Figures of masks: where they are right and wrong, how many objects were found, what an answer rests on."""

from convscope.report.figures.segmentation import areas, counts, field, masks, matches, thresholds

__all__ = ["areas", "counts", "field", "masks", "matches", "thresholds"]
