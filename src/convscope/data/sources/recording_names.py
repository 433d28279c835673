"""What folders and names say of recordings: class, speaker and number, as the columns of a table would.

``7_jackson_0.wav`` is class, speaker and number. Where folders are the classes, what stands before the first ``_`` of
``jackson_0.wav`` or ``00176480_nohash_0.wav`` is a speaker, if the user says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from convscope.data.notice import Notice
from convscope.data.sources.candidate import SPLITS, in_order
from convscope.data.sources.columns import Columns, plain
from convscope.errors import DataError
from convscope.text import count, listed

CLASS, SPEAKER = "class", "speaker"
SPEAKERS = ("speaker", "group", "person", "subject", "participant", "individual", "patient")  # what users say for it
LEAST = 3  # speakers of which a hint says that they are some: two words may be anything
FORMS = "CLASS_SPEAKER_NUMBER.wav or CLASS_NUMBER.wav"


@dataclass(frozen=True)
class NameFields:
    """What is said of each of n recordings, by what that is, and how it was read.

    ``keeps_speakers`` says that those of a speaker stay in one split unasked.
    """

    columns: dict[str, list[str]]
    words: str
    keeps_speakers: bool = False

    def labels(self, columns: Columns, where: str) -> list[str]:
        """Return the class of each: what names say of it, or another part of the names that the user wants learned."""
        return self.columns[columns.pick("label", (CLASS,), self.columns, where) or CLASS]

    def groups(self, columns: Columns, where: str) -> list[str] | None:
        """Return the group of each, ``None`` for none; raises ``DataError`` for one that names do not tell."""
        named = columns.named("group")
        if named is None:
            learned = columns.pick("label", (CLASS,), self.columns, where)
            kept = self.keeps_speakers and columns.group is None and learned != SPEAKER
            return self.columns[SPEAKER] if kept else None
        field = SPEAKER if plain(named) in SPEAKERS else named
        if field == SPEAKER and SPEAKER not in self.columns and "group" not in columns.optional:
            raise DataError(
                f"{where}: --group {named}: names do not say who speaks; call files CLASS_SPEAKER_NUMBER.wav (in "
                "folders of classes SPEAKER_NUMBER.wav), or give a table of path, label and speaker"
            )
        picked = Columns(group=field, optional=columns.optional).pick("group", (), self.columns, where)
        return self.columns[picked] if picked else None


def name_fields(names: Sequence[str]) -> NameFields | None:
    """Return what folders say of recordings, else what names do; ``None`` where neither tells classes.

    >>> name_fields(["7_ann_0.wav", "8_bob_1.wav"]).columns
    {'class': ['7', '8'], 'speaker': ['ann', 'bob'], 'number': ['0', '1']}
    >>> name_fields(["yes/ann_0.wav", "no/ann_0.wav"]).columns
    {'class': ['yes', 'no'], 'speaker': ['ann', 'ann']}
    """
    folders = [[part for part in name.split("/")[:-1] if part.lower() not in SPLITS] for name in names]
    labels = [parts[-1] if parts else "" for parts in folders]
    words = [name.rpartition("/")[2].rpartition(".")[0].split("_") for name in names]
    if all(labels) and len(set(labels)) > 1:
        told = all(len(each) > 1 and each[0] and each[-1].isdecimal() for each in words)
        speakers = {SPEAKER: [each[0] for each in words]} if told else {}
        return NameFields({CLASS: labels} | speakers, "a folder a class")
    number = {len(each) for each in words}
    if len(number) != 1 or number.pop() not in (2, 3) or not all(each[-1].isdecimal() for each in words):
        return None
    classes, *between, numbers = ([*field] for field in zip(*words, strict=True))
    if not all(classes) or len(set(classes)) < 2:
        return None
    if not between:
        return NameFields({CLASS: classes, "number": numbers}, "named CLASS_NUMBER")
    return NameFields({CLASS: classes, SPEAKER: between[0], "number": numbers}, "named CLASS_SPEAKER_NUMBER", True)


def speaker_notices(
    said: NameFields, groups: Sequence[str] | None, names: Sequence[str], *, asked: bool
) -> tuple[Notice, ...]:
    """Tell whose recordings stay together, or that names repeat as those of speakers do and are not used."""
    example = names[0].rpartition("/")[2]
    if groups is not None:
        noun = "speaker" if groups is said.columns.get(SPEAKER) else "group"
        text = (
            f"{count(len(set(groups)), noun)} read from names like {example} ({listed(in_order(groups))}): recordings "
            "of one stay in one split; --group none tears them apart"
        )
        return (Notice("speakers", text),)
    speakers = said.columns.get(SPEAKER, [])
    if asked or said.keeps_speakers or len(set(speakers)) < LEAST or len(set(speakers)) > len(speakers) / 2:
        return ()
    pairs = set(zip(speakers, said.columns[CLASS], strict=True))
    if len(pairs) < 2 * len(set(speakers)):  # each of one class: no speakers, but other words for the class
        return ()
    text = (
        f"names like {example} begin with one of {count(len(set(speakers)), 'word')} that stand in several classes "
        f"({listed(in_order(speakers))}): if these are speakers or the like, their recordings may come into train and "
        "into test, which makes the scores too good; --group speaker keeps them together"
    )
    return (Notice("group-like", text, tuple(in_order(speakers)[:5])),)
