"""Figures of what answers rest on."""

from convscope.report.figures.explained import panel, sheet

__all__ = ["panel", "sheet"]
