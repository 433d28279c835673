"""One field of every example of a data set, wherever it lies: in memory, mapped, on disk, of one size or of many."""

from convscope.data.columns.column import Column, Converted, Selected, Values
from convscope.data.columns.in_memory import InMemory, in_memory
from convscope.data.columns.mapped import Mapped
from convscope.data.columns.on_disk import OnDisk
from convscope.data.columns.opening import open_column, open_ragged
from convscope.data.columns.ragged import Ragged, RaggedBatch

__all__ = [
    "Column", "Converted", "InMemory", "Mapped", "OnDisk", "Ragged", "RaggedBatch", "Selected", "Values",
    "in_memory", "open_column", "open_ragged",
]  # fmt: skip
