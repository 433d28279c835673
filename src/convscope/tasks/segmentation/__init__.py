"""Segmentation: the class of each pixel, or which object it belongs to."""
