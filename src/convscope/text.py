"""Numbers, counts and names as people read them, and between which splits nothing may be shared."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

THIN = "\u202f"  # narrow no-break space: keeps a number and its unit on one line
EXAMPLES = 5  # the first few are enough to find the others
PAIRS = (("test", "train"), ("valid", "train"), ("test", "valid"))


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    >>> count(1, "image"), count(1200, "image"), count(2, "class", "classes")
    ('1 image', '1,200 images', '2 classes')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def part(number: int, whole: int, noun: str, verb: str, plural: str) -> str:
    """Return how many of a whole do something, with the verb that fits the number.

    >>> part(1, 30, "test image", "is", "are"), part(1200, 5000, "image", "has", "have")
    ('1 of 30 test images is', '1,200 of 5,000 images have')
    """
    return f"{number:,} of {count(whole, noun)} {verb if number == 1 else plural}"


def listed(items: Iterable[str], most: int = EXAMPLES) -> str:
    """Return items in a row, the first few by name.

    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    items = list(items)
    more = f" and {len(items) - most:,} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more


def told_apart(value: float, spread: float, digits: int = 4) -> str:
    """Return a number with so many digits, more where it is large beside the ``spread`` of such numbers.

    >>> told_apart(57.712, 25.0), told_apart(2000.05321, 0.026), told_apart(1.7e9 + 12.3, 100.0)
    ('57.71', '2000.0532', '1700000012.3')
    """
    times = abs(value) / spread if spread > 0 else 0.0
    more = math.floor(math.log10(times)) if times > 1 else 0
    return f"{value:.{min(digits + more, 15)}g}"


def shortly(target: Any, most: int = 60) -> str:
    """Return a target on one line, so much of it as is easily read.

    >>> import numpy as np
    >>> shortly("bee"), shortly(np.array([[1.0, 2.5], [3.0, 4.0]])), shortly(np.arange(99), 12)
    ('bee', '1 2.5 3 4', '0 1 2 3 4...')
    """
    import numpy as np  # not for `convscope --help`

    words = target if isinstance(target, str) else " ".join(f"{value:g}" for value in np.ravel(target))
    return words if len(words) <= most else f"{words[: most - 3].rstrip()}..."


def pairs(split: np.ndarray) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """Yield (name, other name, rows, other rows) for each two splits that exist."""
    import numpy as np

    for name, other in PAIRS:
        rows, others = np.flatnonzero(split == name), np.flatnonzero(split == other)
        if len(rows) and len(others):
            yield name, other, rows, others


def percent(share: float | None, decimals: int = 1) -> str:
    """Return a share as a percentage; only what is perfect is rounded to 100, only what is nothing to 0.

    >>> percent(0.99996).replace("\u202f", " "), percent(1.0).replace("\u202f", " "), percent(None)
    ('99.9 %', '100 %', 'n/a')
    """
    return "n/a" if share is None else f"{_number(100 * share, 100, decimals)}{THIN}%"


def decimal(value: float | None, decimals: int = 3) -> str:
    """Return a figure between 0 and 1, or a loss, with fixed decimals; 1 and 0 only where it is exact.

    >>> decimal(0.99996), decimal(0.5), decimal(1.0)
    ('0.999', '0.500', '1.000')
    """
    return "n/a" if value is None else _number(value, 1, decimals)


def _number(value: float, full: float, decimals: int) -> str:
    if value in (0, full):
        return f"{value:.0f}" if full == 100 else f"{value:.{decimals}f}"
    unit = 10**-decimals
    # What is not perfect is never rounded to perfect, nor what is not nothing to nothing.
    held = min(max(value, unit), full - unit) if 0 < value < full else value
    return f"{held:.{decimals}f}"


NAMES = ("Dice", "Brier", "Otsu")  # of people, which figures are called after


def inside(title: str) -> str:
    """Return a title as it stands inside a sentence; abbreviations and names keep their capitals.

    >>> inside("Mean error"), inside("RMSE"), inside("R²"), inside("V_rand"), inside("IoU, pooled"), inside("Dice")
    ('mean error', 'RMSE', 'R²', 'V_rand', 'IoU, pooled', 'Dice')
    """
    word = "".join(filter(str.isalpha, title.partition(" ")[0]))
    common = title[1:2].islower() and word[1:].islower() and word not in NAMES
    return title[:1].lower() + title[1:] if common else title
