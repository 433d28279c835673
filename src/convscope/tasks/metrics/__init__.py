"""Figures of merit, each with a 95 % interval: resampling, ranking, calibration, proportions, comparison."""
