"""From a text to the numbers of its tokens: which characters there are, and what new texts are brought to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from convscope.data.columns import Column, Ragged, RaggedBatch
from convscope.data.decode.encoded import Encoded, Unreadable
from convscope.data.names import composed
from convscope.data.spec import InputSpec, Kind
from convscope.data.transforms.dna import LETTERS, folded, odd_letter
from convscope.data.transforms.transform import PLAIN, Form, Stored
from convscope.text import count, listed

if TYPE_CHECKING:
    from torch import Tensor, nn

PADDING, UNKNOWN = 0, 1  # tokens; the first character is the next one
SPECIAL = 2
Case = Literal["", "upper", "lower"]


@dataclass(frozen=True)
class TextTransform:
    """The rule from texts, as code points (L,), to network input (N, L): the numbers of their characters.

    ``characters`` are those of the training split, sorted: the first one is token 2. 0 is the padding behind the
    shorter texts of a batch, 1 a character that the training split does not have. ``case`` says that all training texts
    are of one case, in which new ones are read; ``underscores``, that "_" is read as a space, since no training text
    has one. ``dna`` says that texts are sequences of IUPAC's letters, which are then the ``characters``: U is read as
    T, and other letters are refused. ``length`` is that of all sequences, where they have one; ``longest`` that of the
    longest training text, 0 where it is not known: a network is looked at with a text as long.
    """

    kind: ClassVar[Kind] = "text"
    characters: str
    case: Case = ""
    underscores: bool = False
    dna: bool = False
    length: int | None = None
    longest: int = 0

    def __post_init__(self) -> None:
        if self.dna and self.characters != LETTERS:
            raise ValueError(f"characters: expected those of DNA, {LETTERS}, found {self.characters[:40]!r}")
        if not self.characters or list(self.characters) != sorted(set(self.characters)):
            raise ValueError(f"characters: expected one or more, sorted, each once, found {self.characters[:40]!r}")

    @classmethod
    def fitted(cls, column: Column, rows: np.ndarray) -> TextTransform:
        """Find the characters of the texts ``rows``, and how new ones are read."""
        known, longest = set[int](), 1
        for batch in column.stream(np.array_split(rows, max(1, len(rows) // 4096))):
            values = batch.values if isinstance(batch, RaggedBatch) else batch
            known.update(np.unique(values).tolist())
            longest = max(longest, int(batch.lengths.max()) if isinstance(batch, RaggedBatch) else batch.shape[1])
        characters = "".join(map(chr, sorted(known)))
        case = next((case for case in ("upper", "lower") if getattr(characters, case)() == characters), "")
        case = case if characters.upper() != characters.lower() else ""
        return cls(characters, case, " " in characters and "_" not in characters, longest=longest)  # pyright: ignore[reportArgumentType]

    @classmethod
    def of_dna(cls, column: Column) -> TextTransform:
        """Return the rule for sequences: the letters that there may be, and their length where it is one."""
        (length,) = column.spec.shape
        longest = int(column.shapes[:, 0].max()) if isinstance(column, Ragged) else 0
        return cls(LETTERS, "upper", dna=True, length=length, longest=length or longest)

    @property
    def input(self) -> InputSpec:
        """What it gives a network."""
        return InputSpec(space=(self.length,), vocabulary=SPECIAL + len(self.characters))

    @property
    def part(self) -> None:
        """A network sees each text whole."""
        return None

    def store(self, example: Encoded | np.ndarray | str) -> Stored:
        """Return one text as code points (L,) int32, and say which of its characters are unknown.

        Raises:
            Unreadable: an image, an empty text, a letter that is none of DNA's, or a sequence of another length.
        """
        if isinstance(example, Encoded):
            raise Unreadable("is an image; this network takes texts")
        text = self.read(example if isinstance(example, str) else text_of(example))
        if not text:
            raise Unreadable("is empty; expected a text of one character or more")
        if self.dna and (odd := odd_letter(text)):
            raise Unreadable(f"has {odd}, which is none of DNA's: {', '.join(LETTERS)}, or U")
        if self.length is not None and len(text) != self.length:
            raise Unreadable(f"has {count(len(text), 'letter')}; this network takes sequences of {self.length:,}")
        unknown = [character for character in text if character not in self.characters]
        note = f"{count(len(unknown), 'character')} not in the training texts: {listed(sorted(set(unknown)), 8)}"
        return Stored(points_of(text), note if unknown else "")

    def read(self, text: str) -> str:
        """Return a text in the form of the training texts.

        >>> TextTransform(" AELR", "upper", underscores=True).read("ela_lea")
        'ELA LEA'
        """
        if self.dna:
            return folded(text)
        text = composed(text)
        text = getattr(text, self.case)() if self.case else text
        return text.replace("_", " ") if self.underscores else text

    def tensor(self, stored: np.ndarray | RaggedBatch | Tensor, form: Form = PLAIN) -> Tensor:
        """Return the tokens (N, L) int64 of texts as code points, padded behind the shorter ones."""
        import torch

        raw = stored.values if isinstance(stored, RaggedBatch) else np.asarray(stored)
        tokens = self._tokens[np.minimum(raw, len(self._tokens) - 2) + 1]
        if isinstance(stored, RaggedBatch):  # tokens first, then padding: fewer numbers to look up
            tokens = RaggedBatch(tokens, stored.offsets, stored.shapes).padded(PADDING)
        tensor = torch.from_numpy(tokens)
        return tensor if form.device == "cpu" else tensor.to(form.device)

    @cached_property
    def _tokens(self) -> np.ndarray:
        """The token of each code point, from -1 on, which is padding; the last one is that of all larger ones."""
        known = points_of(self.characters)
        tokens = np.full(known[-1] + 3, UNKNOWN, np.int64)
        tokens[0], tokens[known + 1] = PADDING, np.arange(len(known)) + SPECIAL
        return tokens

    def undo(self, x: Tensor) -> np.ndarray:
        """Return code points (N, L) of network input; of padding and unknown characters -1 and U+FFFD."""
        table = np.concatenate(([-1, 0xFFFD], points_of(self.characters))).astype(np.int32)
        return table[x.cpu().numpy()]

    def module(self) -> nn.Module:
        """Return what an exported network carries: nothing, since it is given tokens."""
        from torch import nn

        return nn.Identity()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        return {
            "kind": self.kind, "characters": self.characters, "case": self.case, "underscores": self.underscores,
            "dna": self.dna, "length": self.length, "longest": self.longest,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TextTransform:
        """Rebuild from ``to_dict``'s values."""
        return cls(**{name: value for name, value in values.items() if name != "kind"})


def points_of(text: str) -> np.ndarray:
    """Return the code points (L,) int32 of a text.

    >>> points_of("añ").tolist()
    [97, 241]
    """
    return np.frombuffer(text.encode("utf-32-le"), np.int32)


def text_of(points: np.ndarray) -> str:
    """Return the text of code points (L,); padding, below 0, is left out.

    >>> text_of(np.array([97, 241, -1]))
    'añ'
    """
    return "".join(map(chr, points[points >= 0].tolist()))
