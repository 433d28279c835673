"""Figures of what channels of a layer see and look for."""

from convscope.report.figures.units import fields, patches, pictures

__all__ = ["fields", "patches", "pictures"]
