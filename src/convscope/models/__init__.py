"""PyTorch network families, one file each, behind one registry of names."""

from convscope.models.network_entry import Entry
from convscope.models.registry import count_weights, create, entry, families, names, options_of, parts_of, smallest_side

__all__ = ["Entry", "count_weights", "create", "entry", "families", "names", "options_of", "parts_of", "smallest_side"]
