"""PyTorch network families, one file each, behind one registry of names."""

from convscope.models.registry import Entry, count_weights, create, entry, names

__all__ = ["Entry", "count_weights", "create", "entry", "names"]
