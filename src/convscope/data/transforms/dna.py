"""The letters of DNA, as IUPAC has them, and what each says of a base."""

from __future__ import annotations

import numpy as np

BASES = "ACGT"
MEANINGS = {
    "A": "A", "B": "CGT", "C": "C", "D": "AGT", "G": "G", "H": "ACT", "K": "GT", "M": "AC", "N": "ACGT", "R": "AG",
    "S": "CG", "T": "T", "V": "ACG", "W": "AT", "Y": "CT",
}  # fmt: skip
LETTERS = "".join(MEANINGS)  # sorted


def probabilities() -> np.ndarray:
    """Return the probability of A, C, G and T for each token (17, 4) float32; of padding and unknown ones none.

    >>> probabilities()[2 + LETTERS.index("Y")].tolist()
    [0.0, 0.5, 0.0, 0.5]
    """
    table = np.zeros((2 + len(LETTERS), len(BASES)), np.float32)
    for row, bases in enumerate(MEANINGS.values(), 2):
        table[row, [BASES.index(base) for base in bases]] = 1 / len(bases)
    return table


def folded(text: str) -> str:
    """Return a sequence in capitals, without the space around it, U read as T.

    >>> folded(" acgun ")
    'ACGTN'
    """
    return text.strip().upper().replace("U", "T")


def odd_letter(sequence: str) -> int | None:
    """Return where the first letter of a folded sequence stands that is none of DNA's, from 0.

    >>> odd_letter("ACXGT"), odd_letter("ACN")
    (2, None)
    """
    return next((at for at, letter in enumerate(sequence) if letter not in MEANINGS), None)


_OTHERS = {"A": "T", "C": "G", "G": "C", "T": "A"}
_BY_MEANING = {meaning: letter for letter, meaning in MEANINGS.items()}
_COMPLEMENT = str.maketrans({
    letter: _BY_MEANING["".join(sorted(_OTHERS[base] for base in meaning))] for letter, meaning in MEANINGS.items()
})  # fmt: skip


def complement(sequence: str) -> str:
    """Return the letters that stand opposite a folded sequence on the other strand; reversed, they are how it reads.

    >>> complement("ACGTRN"), complement("AAC")[::-1]
    ('TGCAYN', 'GTT')
    """
    return sequence.translate(_COMPLEMENT)
