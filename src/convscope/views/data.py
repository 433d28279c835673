"""A data set as it was read, and the sets that have names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from convscope.plain import plain

if TYPE_CHECKING:
    from convscope.data.dataset import Data
    from convscope.data.named import Row


def checked(found: Data) -> dict[str, Any]:
    """Return what a set is, the sizes of its splits, and what is suspicious about it."""
    return plain({
        "name": found.name,
        "facts": found.facts,
        "inputs": [found.columns[name].spec for name in found.inputs],
        "targets": [found.columns[name].spec for name in found.targets],
        **({"classes": found.classes} if found.target_kind == "class" else {}),
        "splits": {split.name: len(split) for split in found.splits},
        "fingerprint": found.fingerprint,
        "warnings": found.warnings,
    })  # fmt: skip


def named(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return the sets that have names, and where they are."""
    return plain(rows)
