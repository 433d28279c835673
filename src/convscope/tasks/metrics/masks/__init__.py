"""Figures of merit of segmentation: pixels, objects, membranes, boundaries; NumPy and SciPy alone."""
