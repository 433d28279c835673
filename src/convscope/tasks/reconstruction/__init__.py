"""Reconstruction: a network gives its input back, through fewer numbers than the input has."""
