"""Regression: each example has one or several numbers, and the network states them in their units."""
