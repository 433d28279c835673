"""Figures of classes: the confusion matrix, threshold curves, reliability, errors and samples."""

from convscope.report.figures.classification import confusion, mistakes, precision_recall, reliability, roc, samples

__all__ = ["confusion", "mistakes", "precision_recall", "reliability", "roc", "samples"]
