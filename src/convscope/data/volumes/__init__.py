"""Volumes with masks: read from stacks of pages, NumPy and NIfTI files, cut into slabs where there are few."""
