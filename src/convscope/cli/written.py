"""What is written on the command line of a network: the sizes of its inputs, its nodes, and places in them."""

from __future__ import annotations

import re
from typing import Any

from convscope.errors import ConfigError

SIZES = re.compile(r"0*[1-9]\d*([x×]0*[1-9]\d*)*", re.IGNORECASE)
TYPED = re.compile(r"(\w+:)?\w+:(.+)")


def input_shapes(texts: list[str] | None) -> Any:
    """Return input shapes as ``record`` takes them: sizes, words, or a list of several.

    >>> input_shapes(["3x8x8"]), input_shapes(["tokens:int64:6", "1x2"]), input_shapes(None)
    ((3, 8, 8), ['tokens:int64:6', (1, 2)], None)
    """
    read = [_input_shape(text) for text in texts or ()]
    return read[0] if len(read) == 1 else read or None


def _input_shape(text: str) -> tuple[int, ...] | str:
    if SIZES.fullmatch(text):
        return tuple(map(int, re.split("[x×X]", text)))
    typed = TYPED.fullmatch(text)
    if typed and SIZES.fullmatch(typed[2]):
        return text
    raise ConfigError(
        f"--input {text!r}: write the sizes of one example without the batch, each at least 1, such as 3x224x224, or "
        "NAME:TYPE:SIZES, such as tokens:int64:23"
    )


def image_shape(text: str | None) -> tuple[int, ...] | None:
    """Return the shape (channels, height, width) to resize an image to."""
    if text is None:
        return None
    shape = input_shapes([text])
    if not isinstance(shape, tuple) or len(shape) != 3:
        raise ConfigError(f"--input: expected sizes such as 3x224x224 (channels, height, width), found {text!r}")
    return shape


def unit(text: str, flag: str) -> tuple[str, tuple[int, ...] | None]:
    """Read NODE@4,10,12; NODE alone means all its units.

    >>> unit("features.0@4,10,12", "--field"), unit("fc", "--field")
    (('features.0', (4, 10, 12)), ('fc', None))
    """
    node, at, place = text.rpartition("@") if "@" in text else (text, "", "")
    parts = [part.strip() for part in place.split(",")] if at else []
    if not node or not all(part.isdecimal() for part in parts):
        raise ConfigError(f"{flag} {text!r}: write NODE@y,x or NODE@channel,y,x, such as features.0@4,10,12")
    return node, tuple(map(int, parts)) if at else None


def place(text: str | None) -> tuple[int, ...] | None:
    """Read 4,10,12, also in brackets.

    >>> place("(4, 10, 12)"), place("3")
    ((4, 10, 12), (3,))
    """
    if text is None:
        return None
    parts = [part.strip() for part in text.strip("()").split(",")]
    if not all(part.removeprefix("-").isdecimal() for part in parts):
        raise ConfigError(f"--at: expected whole numbers such as 4,10,12 (channel, row, column), found {text!r}")
    return tuple(map(int, parts))


def check_together(
    flags: dict[str, bool], *, alone: tuple[str, ...], with_: dict[str, tuple[str, ...]], plain: str = "the table"
) -> None:
    """Refuse flags that would be ignored.

    Args:
        flags: by flag, whether it was given.
        alone: flags that exclude each other.
        with_: by flag, which of the ``alone`` flags it can go with (``""``: none of them).
        plain: what is shown where none of those is given.

    Raises:
        ConfigError: two flags exclude each other, or a flag has no effect with the others.
    """
    chosen = [flag for flag in alone if flags[flag]]
    if len(chosen) > 1:
        raise ConfigError(f"{chosen[0]} and {chosen[1]} exclude each other: give one of them")
    mode = chosen[0] if chosen else ""
    for flag, wanted in with_.items():
        if flags[flag] and mode not in wanted:
            beside = " or ".join(one or plain for one in wanted)
            reason = f"it has no effect with {mode}" if mode else "it is missing"
            raise ConfigError(f"{flag} belongs to {beside}: {reason}")
