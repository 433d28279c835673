"""What is said of the tokens of a set of texts: which there are, how many are seen, padded, cut and not known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convscope.data.columns import Ragged
from convscope.data.notice import Notice
from convscope.data.sequences.texts import Texts
from convscope.data.transforms.dna import BASES
from convscope.data.transforms.text import SPECIAL, TextTransform
from convscope.text import count, listed

CHARACTERS_SHOWN, TOKENS_SHOWN, ROWS_SHOWN = 60, 8, 20
BATCH = 32  # texts that are padded to the longest of them, where it is said how much padding that makes


def facts_of(rule: TextTransform, column: Ragged, train: np.ndarray) -> dict[str, str]:
    """Say which tokens are known, how many of a text are seen, and how much of a batch is padding."""
    lengths = rule.lengths(column, train)
    seen = np.minimum(lengths, rule.most or 2**62)
    return {
        "characters" if rule.by == "characters" else "tokens": _known(rule),
        "length": f"{_seen(rule, int(lengths.max(initial=0)))}; {_padding(seen)}",
    }


def _known(rule: TextTransform) -> str:
    if rule.by != "characters":
        shown = listed(map(repr, rule.vocabulary), TOKENS_SHOWN)
        of = f"runs of {rule.k} characters" if rule.by == "kmers" else "words"
        of += " that two training texts or more have" * (len(rule.vocabulary) > TOKENS_SHOWN)
        said = f"{count(len(rule.vocabulary), *rule.noun)}, {of}, {SPECIAL} more for padding and unknown ones: {shown}"
        return said + _reading(rule)
    if rule.dna:
        return f"DNA: {', '.join(BASES)}, and IUPAC's letters for several of them, each its probabilities"
    known = rule.characters
    shown = known if len(known) <= CHARACTERS_SHOWN else known[:CHARACTERS_SHOWN] + "…"
    return f"{len(known)}, a token each, {SPECIAL} more for padding and unknown ones: {shown!r}{_reading(rule)}"


def _reading(rule: TextTransform) -> str:
    """Say how new texts are read."""
    reads = [f"new texts are read in {rule.case} case"] * bool(rule.case and not rule.dna)
    reads += ['"_" is read as a space'] * rule.underscores
    left = {"case": "capitals", "accents": "accents", "both": "capitals and accents"}
    reads += [f"{left[rule.fold]} are left out"] * (rule.fold != "none") if rule.fold != "none" else []
    return f" ({'; '.join(reads)})" if reads else ""


def _seen(rule: TextTransform, longest: int) -> str:
    if rule.places is not None:
        return f"{count(rule.places, *rule.noun)} of each {rule.example}"
    most = count(rule.most or 0, *rule.noun)
    noun = rule.example
    return f"the first {most} of a {noun} are seen (--max-length), the longest training {noun} has {longest:,}"


def _padding(lengths: np.ndarray) -> str:
    """Say how much of training batches is padding, on average."""
    order = np.random.default_rng(0).permutation(len(lengths))[: 1_000 * BATCH]
    batches = [lengths[order[at : at + BATCH]] for at in range(0, len(order), BATCH)]
    padded = sum(int(each.max()) * len(each) for each in batches)
    share = 1 - sum(int(each.sum()) for each in batches) / max(1, padded)
    return f"padding is {share:.0%} of a batch of {BATCH}" if share > 0 else "no padding"


def notices_of(rule: TextTransform, texts: Texts, column: Ragged, rows: dict[str, np.ndarray]) -> Iterator[Notice]:
    """Tell of texts that are cut, in each split, and of tokens that the training split does not have."""
    for name in (name for name in rows if name != "all"):
        lengths = rule.lengths(column, rows[name])
        cut = np.flatnonzero(lengths > (rule.most or 2**62))
        kind = rule.example
        noun = f"{name} {kind}" if name else kind
        if len(cut):
            yield Notice(
                f"cut-{name or 'all'}",
                f"{count(len(cut), noun)} of {len(rows[name]):,} with more than {count(rule.most or 0, *rule.noun)}, "
                f"up to {lengths.max():,}: what follows is not seen; --max-length says how many are",
                tuple(f"{texts.where[at]} ({lengths[k]:,})" for k in cut[:ROWS_SHOWN] for at in [int(rows[name][k])]),
            )
        if name != "train" and not (rule.dna and rule.by == "characters"):
            yield from _unknown(rule, texts, rows[name], name)


def _unknown(rule: TextTransform, texts: Texts, rows: np.ndarray, name: str) -> Iterator[Notice]:
    known = set(rule.tokens)
    new: set[str] = set()
    lacking: list[int] = []
    tokens = unknown = 0
    for at in rows.tolist():
        units = rule.units(str(texts.values[at]))
        tokens += len(units)
        if not known.issuperset(units):
            lacking.append(at)
            odd = [unit for unit in units if unit not in known]
            unknown += len(odd)
            new.update(odd)
    if lacking:
        kind = rule.example
        noun = f"{name} {kind}" if name else kind
        yield Notice(
            f"unknown-{name or 'all'}",
            f"{count(len(lacking), noun)} of {len(rows):,} with {_what(rule)} "
            f"({listed(map(repr, sorted(new)), 8)}): they are read as one unknown token"
            f"; {unknown:,} of {tokens:,} tokens ({unknown / tokens:.2%})",
            tuple(str(texts.where[at]) for at in lacking[:ROWS_SHOWN]),
        )


def _what(rule: TextTransform) -> str:
    """Say which tokens are unknown."""
    if rule.by == "characters":
        return "characters that no training text has"
    return f"{rule.noun[1]} that are not among the {len(rule.tokens):,} known ones"
