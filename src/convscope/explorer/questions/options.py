"""Options of a question, which arrive as text, as what they mean."""

from __future__ import annotations

from collections.abc import Mapping

from convscope.errors import ConfigError


def whole(options: Mapping[str, str], name: str, usual: int, most: int) -> int:
    """Return a whole number from 0 to ``most``; ``ConfigError`` for anything else."""
    text = options.get(name, str(usual))
    if not text.isdecimal() or not text.isascii() or len(text) > 9:
        raise ConfigError(f"{name}: expected a whole number, found {text!r}")
    return min(int(text), most)


def place(options: Mapping[str, str]) -> tuple[int, ...] | None:
    """Return ``at``, whole numbers with commas between, ``None`` where it is not given.

    >>> place({"at": "3,10,12"})
    (3, 10, 12)
    """
    return numbers(options, "at", 0, 10**9)


def numbers(options: Mapping[str, str], name: str, least: int, most: int) -> tuple[int, ...] | None:
    """Return whole numbers from ``least`` to ``most`` with commas between, ``None`` where the option is not given.

    >>> numbers({"kernel": "3,5"}, "kernel", 1, 512)
    (3, 5)
    """
    text = options.get(name, "")
    if not text:
        return None
    if any(not part.isdecimal() or not part.isascii() or len(part) > 9 for part in text.split(",")):
        raise ConfigError(f"{name}: expected whole numbers with commas between, found {text!r}")
    values = tuple(map(int, text.split(",")))
    if not all(least <= value <= most for value in values):
        raise ConfigError(f"{name}: expected {least} to {most}, found {text}")
    return values
