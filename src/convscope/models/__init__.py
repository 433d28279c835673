"""PyTorch network families, one file each, behind one registry of names."""

from convscope.models.registry import Entry, create, entry, names

__all__ = ["Entry", "create", "entry", "names"]
