"""Which column says what belongs together (a patient, a slide, a batch), so that no split tears it apart.

A column is taken for its name, and only where its values repeat: one that is the same in every row, or different in
every row, groups nothing. Of several, the coarser one that holds the others is taken: patients, not their slides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from convscope.data.notice import Notice
from convscope.data.sources.columns import SHOWN, plain
from convscope.text import EXAMPLES, count, listed

# What is observed, the likelier grouping first.
UNITS = (
    "group", "patient", "subject", "participant", "person", "individual", "donor", "speaker", "animal", "mouse", "case",
    "specimen", "lesion", "sample", "block", "slide",
)  # fmt: skip
# How it was observed: taken only where nothing says what was.
OCCASIONS = (
    "study", "session", "visit", "exam", "series", "scan", "video", "clip", "scene", "batch", "plate", "well"
)  # fmt: skip
ENDINGS = ("", "s", "id", "ids", "no", "nr", "num", "number", "code", "key", "name", "names", "uid", "identifier")
# Words that also mean other things (case or control, first or second batch): taken only where a split by them is
# possible, which needs one group of each class for train, valid and test.
DOUBTFUL = frozenset(("case", "sample", "block", *OCCASIONS))
SPLITS = 3
NO_GROUP = frozenset(("nan", "na", "n/a", "null", "none", "unknown", "?", "-"))  # what is written where none is known
_RANKS = {word + ending: rank for rank, word in enumerate((*UNITS, *OCCASIONS)) for ending in ENDINGS}
_DOUBTFUL = {word + ending for word in DOUBTFUL for ending in ENDINGS}
_CODE = re.compile(r"(?=.*\d)(?=.*[^\W\d_]).+|\d{5,}")  # letters with digits, or a long number


def is_group_word(name: str) -> bool:
    """Tell whether a column's name is one of those that groups have.

    >>> is_group_word("Patient ID"), is_group_word("age")
    (True, False)
    """
    return plain(name) in _RANKS


@dataclass(frozen=True)
class Grouping:
    """The column that was taken, if any; why those with a group's name were not, and which others look like one."""

    column: str | None
    passed: dict[str, str]
    notices: tuple[Notice, ...] = ()


def find_grouping(
    columns: Mapping[str, Sequence[str]], labels: np.ndarray, named: str | None = None, *, wanted: bool = True
) -> Grouping:
    """Choose among columns (n,) of text, an empty text being no group, for images with ``labels`` (n,).

    The user's choice, a column that he has ``named`` or none ``wanted``, is not questioned.
    """
    if named or not wanted:
        return Grouping(named, {}, _odd(named, columns[named]) if named and named in columns else ())
    held = {name: _Values(values, labels) for name, values in columns.items()}
    known = sorted((name for name in held if is_group_word(name)), key=lambda name: _RANKS[plain(name)])
    passed = {name: held[name].why_none for name in known if held[name].why_none}
    usable = [name for name in known if name not in passed]
    things = [name for name in usable if _RANKS[plain(name)] < len(UNITS)]
    sure = [name for name in things if plain(name) not in _DOUBTFUL or held[name].enough]
    pool = sure or [name for name in usable if held[name].enough]
    able = [name for name in pool if held[name].enough] or pool
    chosen = next((a for a in able if all(held[a].holds(held[b]) for b in able)), able[0] if able else None)
    hints = []
    for name, values in held.items():
        if name == chosen or name in passed:
            continue
        within = bool(chosen) and held[chosen].holds(values)
        if name not in usable:
            hints += [_hint(name, values)] if not within and values.look_like_groups(name) else []
        elif chosen and not (held[chosen].known & values.known).any():
            passed[name] = f"no row has both it and {chosen}; call both {chosen}, if they are the same"
            hints.append(_hint(name, values, f", since {passed[name]}"))
        elif within:
            passed[name] = f"each of them lies within one {chosen}"
        elif chosen:
            passed[name] = f"{chosen} is taken; --group {name} takes it instead"
        elif values.follow_labels:
            passed[name] = "one for each class"
        else:
            passed[name] = f"a class has fewer than {SPLITS} of them"
            hints.append(_hint(name, values, f", since {passed[name]}"))
    return Grouping(chosen, passed, (*hints, *(_odd(chosen, columns[chosen]) if chosen else ())))


class _Values:
    """A column's values as numbers, and what they say of the images."""

    def __init__(self, values: Sequence[str], labels: np.ndarray) -> None:
        numbers: dict[str, int] = {}
        self.codes = np.fromiter((numbers.setdefault(value, len(numbers)) for value in values), np.int64, len(values))
        self.known = self.codes != numbers.pop("", -1)
        self.texts = list(numbers)
        self.labels = labels

    @property
    def why_none(self) -> str:
        """Why the values group nothing, or an empty text."""
        if len(self.texts) < 2:
            return "the same in every row" if self.texts else "empty"
        return "different in every row" if len(self.texts) == self.known.sum() else ""

    @property
    def enough(self) -> bool:
        """Whether every class has a group for each split; a row without a value is a group of its own."""
        alone = self.codes.max(initial=0) + 1 + np.arange(len(self.codes))
        classes, _ = _pairs(self.labels, np.where(self.known, self.codes, alone))
        return bool((np.unique(classes, return_counts=True)[1] >= SPLITS).all())

    def holds(self, other: _Values) -> bool:
        """Tell whether each value of another column occurs with one value of this column only."""
        both = self.known & other.known
        theirs, _ = _pairs(other.codes[both], self.codes[both])
        return len(theirs) == len(np.unique(theirs))

    @property
    def follow_labels(self) -> bool:
        """Whether all images of a class have one value."""
        classes, _ = _pairs(self.labels, self.codes)
        return len(classes) == len(np.unique(classes))

    def look_like_groups(self, name: str) -> bool:
        """Tell whether the values repeat as groups do, whatever the column's name.

        There are more values than the classes explain, each occurs twice or more on average, and they are names of
        things (by the column's name, or because they read like codes) or belong to one class each.
        """
        if len(self.texts) < SPLITS * len(np.unique(self.labels)) or self.known.sum() < 2 * len(self.texts):
            return False
        theirs, _ = _pairs(self.codes[self.known], self.labels[self.known])
        return plain(name).endswith("id") or len(theirs) == len(self.texts) or all(map(_CODE.fullmatch, self.texts))


def folders_notice(folders: Sequence[str], labels: np.ndarray) -> tuple[Notice, ...]:
    """Say where the folders (n,) that images lie in within their class ("" for none) repeat like groups."""
    values = _Values(folders, labels)
    if values.why_none or not values.look_like_groups(""):
        return ()
    images = count(int(values.known.sum()), "image")
    text = (
        f"{count(len(values.texts), 'folder')} within the class folders hold {images} and are not used: if each is a "
        "patient, an animal or the like, its images may come into train and into test, which makes the scores too "
        "good; a table of the images with a column 'patient' keeps them together"
    )
    return (Notice("group-like", text, tuple(values.texts[:EXAMPLES])),)


def _pairs(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of two arrays (n,) of numbers from 0 on, each once."""
    width = second.max(initial=0) + 1
    return np.divmod(np.unique(first * width + second), width)


def _odd(name: str, values: Sequence[str]) -> tuple[Notice, ...]:
    """Say which groups are called as what is missing, and which differ in their spelling only."""
    rows = Counter(values)
    missing = tuple(value for value in rows if value.casefold() in NO_GROUP)
    spelt: dict[str, list[str]] = {}
    for value in rows:
        spelt.setdefault(re.sub(r"^(-?\d+)\.0+$", r"\1", value).casefold(), []).append(value)
    alike = tuple(" = ".join(values) for values in spelt.values() if len(values) > 1)
    notices = []
    if missing:
        said = listed(f"{value} ({count(rows[value], 'row')})" for value in missing)
        text = f"{name}: {said} is taken for one group; where the group is not known, leave the value blank"
        notices.append(Notice("missing-group", text, missing))
    if alike:
        text = (
            f"{name}: {count(len(alike), 'group has', 'groups have')} several spellings ({listed(alike, 3)}), "
            "taken for different ones: give each one spelling, or what belongs together may come into train and into "
            "test"
        )
        notices.append(Notice("group-spelling", text, alike[:SHOWN]))
    return tuple(notices)


def _hint(name: str, values: _Values, why: str = "") -> Notice:
    text = (
        f"{name} repeats like a group ({count(len(values.texts), 'value')} in {int(values.known.sum()):,} rows) and is "
        f"not used{why}: what belongs together may come into train and into test, which makes the scores too "
        f"good; --group {name} keeps it together"
    )
    return Notice("group-like", text, tuple(values.texts[:EXAMPLES]))


def unused_notice(what: str, names: Sequence[str], passed: Mapping[str, str]) -> tuple[Notice, ...]:
    """Name the columns (or arrays) that were not used, with the reason where there is one."""
    if not names:
        return ()
    shown = {name: name or "one without a name" for name in names}
    said = listed((f"{shown[name]} ({passed[name]})" if passed.get(name) else shown[name] for name in names), SHOWN)
    unused = count(len(names), f"{what} is", f"{what}s are")
    return (Notice("unused-columns", f"{unused} not used: {said}", tuple(names[:SHOWN])),)
