"""A data set as it was read, and the sets that have names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from convscope.plain import plain

if TYPE_CHECKING:
    from convscope.data.dataset import Data
    from convscope.data.named import Row


def checked(data: Data) -> dict[str, Any]:
    """Return a set's facts, the sizes of its splits, what each value of its masks was taken for, and its warnings."""
    return plain({
        "name": data.name,
        "facts": data.facts,
        "inputs": [data.columns[name].spec for name in data.inputs],
        "targets": [data.columns[name].spec for name in data.targets],
        **({"classes": data.classes} if data.target_kind == "class" else {}),
        **({"mask_values": data.masks.table} if data.masks else {}),
        "splits": {split.name: len(split) for split in data.splits},
        "fingerprint": data.fingerprint,
        "warnings": data.warnings,
    })  # fmt: skip


def named(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return the sets that have names, and where they are."""
    return plain(rows)
