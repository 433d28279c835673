"""Figures of what answers rest on."""

from convscope.report.figures.explained import colours, panel, sequences, sheet

__all__ = ["colours", "panel", "sequences", "sheet"]
