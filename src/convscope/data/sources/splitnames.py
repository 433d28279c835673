"""Tables and folders that differ in the name of a split only: ``train.csv`` and ``test.csv``, ``train/metadata.csv``
and ``test/metadata.csv``, ``training_set`` and ``test_set``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from convscope.data.sources.candidate import SPLIT_ORDER, SPLITS

# Words and numbers; of trainA and testset also what precedes the last capital and the word set.
_WORDS = re.compile(r"\d+|[^\W\d_]+?(?=(?<=[a-z])(?:[A-Z]|[Ss]et)?(?![^\W\d_])|(?![^\W\d_]))|[^\W\d_]+")
BySplit = dict[str, str]  # split ("" where the names say nothing of it) to table


def split_sets(names: Sequence[str]) -> list[BySplit]:
    """Sort tables into sets: those whose names say different splits and are else alike are one.

    >>> split_sets(["a/labels_train.csv", "a/labels_val.csv", "more.csv"])
    [{'train': 'a/labels_train.csv', 'valid': 'a/labels_val.csv'}, {'': 'more.csv'}]
    """
    sets: dict[str, list[tuple[str, str]]] = {}
    for name in names:
        rest, split = _cut(name)
        sets.setdefault(rest, []).append((split, name))
    result = []
    for pairs in sets.values():
        by_split = dict(sorted(pairs, key=lambda pair: ("", *SPLIT_ORDER).index(pair[0])))
        one_each = len(by_split) == len(pairs) > 1 and "" not in by_split
        result += [by_split] if one_each else [{"": name} for _, name in pairs]
    return result


def beside(name: str, names: Iterable[str]) -> list[str]:
    """Return the tables that are of one set with the table ``name``."""
    sets = split_sets(sorted({name, *names}))
    return [other for by_split in sets if name in by_split.values() for other in by_split.values() if other != name]


def split_of(folders: Iterable[str]) -> str:
    """Return the split that the innermost of ``folders`` called after one names, or an empty text."""
    return next((SPLITS[folder.lower()] for folder in reversed([*folders]) if folder.lower() in SPLITS), "")


def split_folders(names: Iterable[str]) -> dict[str, str]:
    """Return the split of each of sibling folders that is one: by its whole name, or as all of them are called alike.

    >>> split_folders(["train", "docs"]), split_folders(["training_set", "test_set"]), split_folders(["train1", "bus"])
    ({'train': 'train'}, {'training_set': 'train', 'test_set': 'test'}, {})
    """
    names = [*names]
    whole = {name: SPLITS[name.lower()] for name in names if name.lower() in SPLITS}
    cut = {name: _cut(f"{name}.") for name in names}
    splits = {name: split for name, (_, split) in cut.items()}
    alike = len({rest for rest, _ in cut.values()}) == 1 and len(set(splits.values())) == len(names) > 1
    return whole or (splits if alike and all(splits.values()) else {})


def split_word(name: str) -> str:
    """Return the one split that words in a name say, or an empty text.

    >>> split_word("trainA"), split_word("testset"), split_word("latest")
    ('train', 'test', '')
    """
    return _cut(f"{name}.")[1]


def _cut(name: str) -> tuple[str, str]:
    """Return a table's name without its ending and without the words for its split, and that split.

    >>> _cut("train/metadata.csv"), _cut("labels_val.tsv"), _cut("latest.csv")
    (('*/metadata', 'train'), ('labels *', 'valid'), ('latest.csv', ''))
    """
    *folders, last = name.split("/")
    words = _WORDS.findall(last.rpartition(".")[0])
    splits = {SPLITS[word.lower()] for word in (*folders, *words) if word.lower() in SPLITS}
    if len(splits) != 1:
        return name, ""

    rest = [["*" if part.lower() in SPLITS else part for part in parts] for parts in (folders, words)]
    return "/".join([*rest[0], " ".join(rest[1])]), splits.pop()
