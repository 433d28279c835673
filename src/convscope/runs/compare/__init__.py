"""Finished runs on the same images, beside one another."""
