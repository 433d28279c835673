"""The files of a table's rows: which row has which, which rows have none, and which images no row names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from convscope.data.notice import Notice
from convscope.data.sources.files import Files, is_image
from convscope.data.sources.matching import Match, Matcher
from convscope.data.sources.splitnames import split_of
from convscope.errors import DataError
from convscope.text import count, listed

SHOWN = 20


@dataclass(frozen=True)
class RowFiles:
    """The positions of the rows that have a file, those files, and what is to be told of them and of the others."""

    kept: list[int]
    names: list[str]
    absent: Notice | None
    notices: tuple[Notice, ...]


def with_files(
    where: str, refs: Sequence[str], values: Sequence[str], matcher: Matcher, beside: str, split: str
) -> RowFiles:
    """Find the file of each row's value; ``refs`` are what the rows are called, ``beside`` is the table's folder.

    A table of one ``split`` does not mean files in the folder of another.

    Raises:
        DataError: a value fits several files, or no row has one.
    """
    matches = [_of_split(matcher.match(value, beside), split) for value in values]
    for ref, value, match in zip(refs, values, matches, strict=True):
        if len(match.files) > 1:
            spelt = " when capitals are put aside" if match.respelt else ""
            raise DataError(
                f"{where} row {ref}: {value!r} fits {len(match.files)} files{spelt} "
                f"({match.files[0]}, {match.files[1]}); give its path"
            )
    moves = {match.moved for match in matches if match.files}
    if len(moves) > 1:  # a set that was moved has moved as a whole; else these are other files of the same name
        matches = [match if match.moved is None else Match() for match in matches]
    kept = [i for i, match in enumerate(matches) if match.files]
    missing = [i for i, match in enumerate(matches) if not match.files]
    named = [f"{refs[i]} ({values[i]!r})" for i in missing]
    hint = _elsewhere(matcher, [values[i] for i in missing])
    among = f" among {count(len(matcher), 'image')}" if len(matcher) else ""
    text = f"{where}: no file{among} for {rows_said(named)}{hint}"
    if not kept:
        raise DataError(text if among else f"{text}; images are looked for in {matcher.root} and below")
    absent = Notice("absent", text, tuple(named[:SHOWN])) if missing else None
    spelt = [f"{values[i]} is {matches[i].files[0]}" for i in kept if matches[i].respelt]
    notices = []
    if spelt:
        rows = count(len(spelt), "row names a file", "rows name files")
        said = f"{where}: {rows} in other capitals ({listed(spelt, 3)}); taken as those"
        notices.append(Notice("capitals", said, tuple(spelt[:SHOWN])))
    if move := next((matches[i].moved for i in kept if matches[i].moved), None):
        said = f"{where}: the table names files in {move[0]}/, which is not here; those in {move[1]}/ are taken instead"
        notices.append(Notice("moved", said, (f"{values[kept[0]]} is {matches[kept[0]].files[0]}",)))
    return RowFiles(kept, [matches[i].files[0] for i in kept], absent, tuple(notices))


def _of_split(match: Match, split: str) -> Match:
    """Leave out files in the folder of another split."""
    if not split or not match.files:
        return match
    return replace(match, files=tuple(f for f in match.files if split_of(f.split("/")[:-1]) in ("", split)))


def _elsewhere(matcher: Matcher, values: Sequence[str]) -> str:
    """Say where a file of a missing one's name lies, if one does."""
    hint = next(((value, file) for value in values if (file := matcher.namesake(value))), None)
    return f"; {hint[1]} has the name of {hint[0]!r}, but lies in another folder" if hint else ""


def refuse_twice(where: str, refs: Sequence[str], names: Sequence[str]) -> None:
    """Raise ``DataError`` where two rows name one image."""
    rows: dict[str, list[str]] = {}
    for ref, name in zip(refs, names, strict=True):
        rows.setdefault(name, []).append(ref)
    twice = [f"{' and '.join(those)} ({name})" for name, those in rows.items() if len(those) > 1]
    if twice:
        raise DataError(f"{where}: the same image in rows {listed(twice, SHOWN)}; keep one row for each image")


def left_out(files: Files, named: set[str]) -> tuple[Notice, ...]:
    """Say which images no row names."""
    rest = [name for name in files.names if is_image(name) and name not in named]
    if not rest:
        return ()
    text = f"the table does not name {count(len(rest), 'image')}; left out ({listed(rest, 3)})"
    return (Notice("left-out", text, tuple(rest[:SHOWN])),)


def rows_said(items: Iterable[str]) -> str:
    """Return rows for a message: ``row 2``, ``rows 2, 5``."""
    items = [*items]
    return f"row{'s' * (len(items) > 1)} {listed(items, SHOWN)}"
