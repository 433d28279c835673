"""From a text to the numbers of its tokens: which ones there are, and what new texts are brought to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from convscope.data.columns import Column, Ragged, RaggedBatch
from convscope.data.decode.encoded import Encoded, Unreadable
from convscope.data.names import composed
from convscope.data.spec import InputSpec, Kind
from convscope.data.transforms.dna import LETTERS, folded, odd_letter
from convscope.data.transforms.tokens import By, Fold, folded_as, units, vocabulary_of
from convscope.data.transforms.transform import PLAIN, Form, Stored
from convscope.text import count, listed

if TYPE_CHECKING:
    from torch import Tensor, nn

PADDING, UNKNOWN = 0, 1  # tokens; the first character is the next one
SPECIAL = 2
LEAST_SEEN, MOST_SEEN = 256, 10_000  # tokens of a text that are seen, where nobody says how many
Case = Literal["", "upper", "lower"]


@dataclass(frozen=True)
class TextTransform:
    """The rule from texts, as code points (L,), to network input (N, T): the numbers of their tokens.

    Tokens are characters, those of the training split, sorted: the first one is token 2; or ``by`` words or k-mers (of
    ``k`` characters), those of the ``vocabulary``. 0 is the padding behind the shorter texts of a batch, 1 a token that
    the training split does not have. ``case`` says that all training texts are of one case, in which new ones are read;
    ``underscores``, that "_" is read as a space, since no training text has one; ``fold``, that capitals, accents or
    both were left out. ``dna`` says that texts are sequences of IUPAC's letters, which are then the ``characters``: U
    is read as T, and other letters are refused. ``length`` is that of all sequences, in letters, where they have one;
    ``longest`` that of the longest training text, 0 where it is not known: a network is looked at with a text as long.
    ``most`` tokens of a text are seen, all for ``None``.
    """

    kind: ClassVar[Kind] = "text"
    characters: str
    case: Case = ""
    underscores: bool = False
    dna: bool = False
    length: int | None = None
    longest: int = 0
    by: By = "characters"
    k: int = 0
    vocabulary: tuple[str, ...] = ()
    fold: Fold = "none"
    most: int | None = None

    def __post_init__(self) -> None:
        if self.dna and self.characters != LETTERS:
            raise ValueError(f"characters: expected those of DNA, {LETTERS}, found {self.characters[:40]!r}")
        if not self.characters or list(self.characters) != sorted(set(self.characters)):
            raise ValueError(f"characters: expected one or more, sorted, each once, found {self.characters[:40]!r}")
        if (self.by == "characters") == bool(self.vocabulary):
            raise ValueError(f"vocabulary: expected one of words or k-mers, found {len(self.vocabulary):,} tokens")

    @classmethod
    def fitted(
        cls, column: Column, rows: np.ndarray, *, by: By = "characters", k: int = 0, fold: Fold = "none",
        most: int | None = None,
    ) -> TextTransform:  # fmt: skip
        """Find the tokens of the texts ``rows``, how new ones are read, and how much of a text is seen."""
        known = set[int]()
        for values in _streamed(column, rows):
            known.update(np.unique(values.values).tolist())
        characters = "".join(map(chr, sorted(known)))
        case = next((case for case in ("upper", "lower") if getattr(characters, case)() == characters), "")
        case = case if characters.upper() != characters.lower() else ""
        rule = cls(characters, case, " " in characters and "_" not in characters, fold=fold)  # pyright: ignore[reportArgumentType]
        return rule.with_tokens(column, rows, by, k, most)

    @classmethod
    def of_dna(
        cls, column: Column, rows: np.ndarray, *, k: int = 0, most: int | None = None
    ) -> TextTransform:  # fmt: skip
        """Return the rule for sequences: the letters that there may be, and their length where it is one."""
        (length,) = column.spec.shape
        rule = cls(LETTERS, "upper", dna=True, length=length)
        return rule.with_tokens(column, rows, "kmers" if k else "characters", k, most)

    def with_tokens(self, column: Column, rows: np.ndarray, by: By, k: int, most: int | None) -> TextTransform:
        """Return the rule with tokens of another kind, those of the texts ``rows``; ``most`` as asked, or chosen."""
        words = () if by == "characters" else vocabulary_of(_texts(column, rows), by, k, len(rows))
        rule = replace(self, by=by, k=k, vocabulary=words, most=None)
        lengths = rule.lengths(column, rows)
        chosen = usual_most(lengths) if most is None else most
        return replace(rule, most=chosen, longest=int(min(lengths.max(initial=1), chosen)))

    def lengths(self, column: Column, rows: np.ndarray) -> np.ndarray:
        """Return how many tokens each of the texts ``rows`` has (n,), before any is cut."""
        if self.by == "words":
            return np.fromiter((len(units(text, "words")) for text in _texts(column, rows)), np.int64, len(rows))
        raw = column.shapes[rows, 0] if isinstance(column, Ragged) else np.full(len(rows), column.spec.shape[0])
        return raw if self.by == "characters" else np.maximum(raw - self.k + 1, 1)

    @property
    def tokens(self) -> Sequence[str]:
        """The tokens that are known, as text: the first one is token 2."""
        return self.vocabulary or self.characters

    @property
    def places(self) -> int | None:
        """How many tokens every text has, ``None`` where that varies."""
        if self.length is None:
            return None
        return min(max(1, self.length - self.k + 1 if self.k else self.length), self.most or self.length)

    @property
    def input(self) -> InputSpec:
        """What it gives a network."""
        return InputSpec(space=(self.places,), vocabulary=SPECIAL + len(self.tokens))

    @property
    def part(self) -> None:
        """A network sees each text whole."""
        return None

    def units(self, text: str) -> list[str]:
        """Return the tokens of a text that the network sees, as text."""
        return units(text, self.by, self.k)[: self.most]

    def store(self, example: Encoded | np.ndarray | str) -> Stored:
        """Return one text as code points (L,) int32, and say which of its tokens are unknown, and whether it is cut.

        Raises:
            Unreadable: an image, an empty text, a letter that is none of DNA's, or a sequence of another length.
        """
        if isinstance(example, Encoded):
            raise Unreadable("is an image; this network takes texts")
        text = self.read(example if isinstance(example, str) else text_of(example))
        if not text.strip():
            raise Unreadable("is empty; expected a text of one character or more")
        if self.dna and (odd := odd_letter(text)) is not None:
            raise Unreadable(
                f"has {text[odd]!r} at letter {odd + 1:,}, which is none of DNA's: {', '.join(LETTERS)}, or U"
            )
        if self.length is not None and len(text) != self.length:
            raise Unreadable(f"has {count(len(text), 'letter')}; this network takes sequences of {self.length:,}")
        return Stored(points_of(text), "; ".join(filter(None, (self._unknown(text), self._cut(text)))))

    def _unknown(self, text: str) -> str:
        unknown = [token for token in self.units(text) if token not in self._numbers]
        noun = {"characters": "character", "words": "word", "kmers": f"run of {self.k} characters"}[self.by]
        plural = noun.replace("run ", "runs ") if self.by == "kmers" else f"{noun}s"
        said = f"{count(len(unknown), noun, plural)} not in the training texts: {listed(sorted(set(unknown)), 8)}"
        return said if unknown else ""

    def _cut(self, text: str) -> str:
        return f"cut after {count(self.most or 0, *self.noun)}" if self.most and self.is_longer(text) else ""

    def is_longer(self, text: str) -> bool:
        """Tell whether a text has more tokens than are seen."""
        return self.most is not None and len(text) > self.most and len(units(text, self.by, self.k)) > self.most

    @property
    def example(self) -> str:
        """What an example is called."""
        return "sequence" if self.dna else "text"

    @property
    def noun(self) -> tuple[str, str]:
        """What one token is called, and several."""
        if self.by == "kmers":
            return f"{self.k}-mer", f"{self.k}-mers"
        word = "letter" if self.dna else self.by[:-1]
        return word, f"{word}s"

    def read(self, text: str) -> str:
        """Return a text in the form of the training texts.

        >>> TextTransform(" AELR", "upper", underscores=True).read("ela_lea")
        'ELA LEA'
        """
        if self.dna:
            return folded(text)
        text = folded_as(composed(text), self.fold)
        text = getattr(text, self.case)() if self.case else text
        return text.replace("_", " ") if self.underscores else text

    def tensor(self, stored: np.ndarray | RaggedBatch | Tensor, form: Form = PLAIN) -> Tensor:
        """Return the tokens (N, T) int64 of texts as code points, padded behind the shorter ones, cut to ``most``."""
        import torch

        if self.by != "characters":
            rows = [self._numbered(text_of(np.asarray(points))) for points in stored]
            tokens = np.full((len(rows), max(map(len, rows), default=1)), PADDING, np.int64)
            for at, numbers in enumerate(rows):
                tokens[at, : len(numbers)] = numbers
            return torch.from_numpy(tokens).to(form.device)
        if isinstance(stored, RaggedBatch):
            stored = stored if self.most is None else cut(stored, self.most)
            # Tokens first, then padding: fewer numbers to look up.
            tokens = self._tokens[1:].take(stored.values, mode="clip")
            tokens = RaggedBatch(tokens, stored.offsets, stored.shapes).padded(PADDING)
        else:
            tokens = self._tokens.take(np.asarray(stored)[:, : self.most] + 1, mode="clip")
        tensor = torch.from_numpy(tokens)
        return tensor if form.device == "cpu" else tensor.to(form.device)

    def _numbered(self, text: str) -> list[int]:
        return [self._numbers.get(token, UNKNOWN) for token in self.units(text)]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.tokens, SPECIAL)}

    @cached_property
    def _tokens(self) -> np.ndarray:
        """The token of each code point, from -1 on, which is padding; the last one is that of all larger ones."""
        known = points_of(self.characters)
        tokens = np.full(known[-1] + 3, UNKNOWN, np.int64)
        tokens[0], tokens[known + 1] = PADDING, np.arange(len(known)) + SPECIAL
        return tokens

    def undo(self, x: Tensor) -> np.ndarray:
        """Return code points (N, L) of network input; of padding and unknown characters -1 and U+FFFD.

        Of words and k-mers, whose text they do not tell, the first character of each.
        """
        first = [token[:1] for token in self.tokens]
        table = np.concatenate(([-1, 0xFFFD], points_of("".join(first)))).astype(np.int32)
        return table[x.cpu().numpy()]

    def names(self, numbers: Iterable[int]) -> list[str]:
        """Return what tokens are called, by their numbers.

        >>> TextTransform("AB").names([3, 1, 0])
        ['B', 'unknown', 'padding']
        """
        return [("padding", "unknown")[at] if at < SPECIAL else self.tokens[at - SPECIAL] for at in numbers]

    def module(self) -> nn.Module:
        """Return what an exported network carries: nothing, since it is given tokens."""
        from torch import nn

        return nn.Identity()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        return {
            "kind": self.kind, "characters": self.characters, "case": self.case, "underscores": self.underscores,
            "dna": self.dna, "length": self.length, "longest": self.longest, "by": self.by, "k": self.k,
            "vocabulary": [*self.vocabulary], "fold": self.fold, "most": self.most,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TextTransform:
        """Rebuild from ``to_dict``'s values."""
        told: dict[str, Any] = {name: value for name, value in values.items() if name != "kind"}
        told["vocabulary"] = tuple(told.get("vocabulary", ()))
        return cls(**told)


def usual_most(lengths: np.ndarray) -> int:
    """Return how many tokens of a text are seen: four times what 99 in 100 training texts have, 256 to 10,000.

    >>> usual_most(np.array([7, 9, 12])), usual_most(np.full(1000, 900)), usual_most(np.array([1_000_000]))
    (256, 3600, 10000)
    """
    usual = 4 * int(np.quantile(lengths, 0.99)) if len(lengths) else 0
    return min(max(usual, LEAST_SEEN), MOST_SEEN)


def cut(batch: RaggedBatch, most: int) -> RaggedBatch:
    """Return the first ``most`` steps of each example."""
    if int(batch.lengths.max(initial=0)) <= most:
        return batch
    return RaggedBatch.of([each[:most] for each in batch])


def _streamed(column: Column, rows: np.ndarray) -> Iterator[RaggedBatch]:
    for batch in column.stream(np.array_split(rows, max(1, len(rows) // 4096))):
        yield batch if isinstance(batch, RaggedBatch) else RaggedBatch.of([*batch])


def _texts(column: Column, rows: np.ndarray) -> Iterator[str]:
    for batch in _streamed(column, rows):
        yield from map(text_of, batch)


def points_of(text: str) -> np.ndarray:
    """Return the code points (L,) int32 of a text.

    >>> points_of("añ").tolist()
    [97, 241]
    """
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.int32)


def text_of(points: np.ndarray) -> str:
    """Return the text of code points (L,); padding, below 0, is left out.

    >>> text_of(np.array([97, 241, -1]))
    'añ'
    """
    return points[points >= 0].astype("<i4").tobytes().decode("utf-32-le", "surrogatepass")
