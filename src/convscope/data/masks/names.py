"""What values of masks are called: from a file of names, or as the source tells; which of them mean void."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from convscope.data.masks.rule import value_text
from convscope.data.names import composed
from convscope.errors import ConfigError, DataError, nearest
from convscope.text import count, listed

VOID_NAMES = frozenset(("void", "ignore", "ignored", "unlabelled", "unlabeled", "dontcare", "donotcare"))
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def parse_value(text: str) -> float | None:
    """Return the number or colour that a text means, ``None`` where it is a name.

    >>> parse_value("255"), parse_value("#0000ff"), parse_value("0,1,0"), parse_value("sky")
    (255.0, 255.0, 256.0, None)
    """
    text = text.strip().lower()
    if re.fullmatch(r"#[0-9a-f]{6}", text):
        return float(int(text[1:], 16))
    parts = re.split(r"[\s,;]+", text)
    if len(parts) == 3 and all(part.isdecimal() and int(part) < 256 for part in parts):
        red, green, blue = map(int, parts)
        return float(red << 16 | green << 8 | blue)
    if text == "nan":
        return float("nan")
    return float(text) if _NUMBER.fullmatch(text) else None


def read_names(path: str | Path) -> dict[float, str] | list[str]:
    """Return the names in a file of one a line, or where each line is ``value=name``, those of the values.

    Raises:
        ConfigError: the file cannot be read, is empty, mixes the two forms, or tells a value or name twice.
    """
    try:
        lines = Path(path).expanduser().read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--classes {path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    told = [(k, composed(line.strip())) for k, line in enumerate(lines, 1) if line.strip()]
    if not told:
        raise ConfigError(f"--classes {path}: the file is empty; expected one class a line, or value=name")
    pairs = [(k, *line.partition("=")[::2]) for k, line in told]
    with_value = [parse_value(value) if name else None for _, value, name in pairs]
    if all(value is None for value in with_value) and not any("=" in line for _, line in told):
        names = [line for _, line in told]
        _check_once(path, names)
        return names
    for (k, line), value in zip(told, with_value, strict=True):
        if value is None:
            raise ConfigError(
                f"--classes {path}, line {k}: expected value=name, as in the other lines, such as 3=road or "
                f"#ff0000=road; found {line!r}"
            )
    values = [value for value in with_value if value is not None]
    _check_once(path, [value_text(value) for value in values])
    return dict(zip(values, (name.strip() for _, _, name in pairs), strict=True))


def _check_once(path: str | Path, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"--classes {path}: {listed(twice)} stands there twice; give each class one line")


def assign_names(path: str | Path, told: Mapping[float, str] | list[str], values: Iterable[float]) -> dict[float, str]:
    """Return the names of values, given those by value, or in a row: counted from 0, or one for each that occurs.

    >>> assign_names("f", ["sky", "tree", "road"], [0, 2]), assign_names("f", ["sky", "road"], [0, 128, 255])
    ({0.0: 'sky', 1.0: 'tree', 2.0: 'road'}, {0: 'sky', 128: 'road'})

    Raises:
        DataError: the row has too few names for the values, or too many.
    """
    if isinstance(told, Mapping):
        return dict(told)
    values = sorted(values)
    without_void = [value for value in values if value != 255] if len(values) == len(told) + 1 else values
    if values and (max(without_void) < len(told) and all(value == int(value) >= 0 for value in values)):
        return {float(k): name for k, name in enumerate(told)}
    if len(without_void) == len(told):
        return dict(zip(without_void, told, strict=True))
    raise DataError(
        f"--classes {path}: {count(len(told), 'name')} for {count(len(values), 'value')} of masks "
        f"({listed(map(value_text, values), 8)}); write one line value=name for each"
    )


def is_void(name: str) -> bool:
    """Tell whether a class is called as what is not labelled.

    >>> is_void("Void"), is_void("un-labelled"), is_void("avoid")
    (True, True, False)
    """
    return "".join(filter(str.isalpha, name.casefold())) in VOID_NAMES


def ignored(text: str | None, names: Mapping[float, str]) -> tuple[float, ...]:
    """Return the values that a setting calls void, by value or by name, several between commas.

    Raises:
        ConfigError: a name that no class has.
    """
    if not text:
        return ()
    whole = parse_value(text)
    if whole is not None:
        return (whole,)
    values: list[float] = []
    for part in text.split(","):
        value = parse_value(part)
        by_name = [v for v, name in names.items() if name.casefold() == part.strip().casefold()]
        if value is None and not by_name:
            known = f"; the classes: {listed(names.values(), 20)}" if names else "; the classes have no names here"
            raise ConfigError(
                f"--ignore {text}: no class is called {part.strip()!r}{nearest(part.strip(), names.values())}{known}"
            )
        values += by_name or [value for value in (value,) if value is not None]
    return tuple(values)
