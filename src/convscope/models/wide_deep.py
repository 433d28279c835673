"""Wide and deep (Cheng et al. 2016) for texts: what each n-gram says by itself, and what is read of the whole text.

The wide half is a logistic regression on n-grams, by far the strongest simple method on short texts; the deep half are
windows and gated recurrent units. Each errs where the other does not.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from convscope.models.blocks.dropout import Dropout
from convscope.models.blocks.masked import PADDING
from convscope.models.recurrent import Recurrent
from convscope.models.text import ManyWindows

PRIME, FACTOR = 2_147_483_647, 1_000_003  # of the polynomial hash; their products stay below 2⁶³
EMBEDDING, WINDOWS, SHORTEST, LONGEST = 64, 128, 2, 6


class NGrams(nn.Module):
    """What the n-grams of tokens (N, L) say of each class, added up: (N, classes).

    An n-gram is 1 to ``longest`` tokens in a row, the marks of begin and end among them. Its row of the table is found
    by its hash (Joulin et al. 2016), so that none must have been seen before. Learning, a share ``dropout`` of a
    text's n-grams is left out, which holds down the weights of the rare ones (Wager et al. 2013).
    """

    def __init__(self, vocabulary: int, classes: int, *, longest: int, rows: int, dropout: float):
        super().__init__()
        self.begin, self.end, self.longest = vocabulary, vocabulary + 1, longest
        self.table = nn.Embedding(rows, classes, padding_idx=PADDING)
        self.dropout = nn.Dropout1d(dropout)
        self.bias = nn.Parameter(torch.zeros(classes))
        nn.init.zeros_(self.table.weight)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the sums."""
        rows = self.rows(tokens)
        said = self.table(rows) * (rows != PADDING)[..., None]
        return self.dropout(said).sum(1) + self.bias

    def rows(self, tokens: Tensor) -> Tensor:
        """Return the row of each n-gram, (N, longest × (L + 2)), 0 where there is none.

        >>> grams = NGrams(9, 2, longest=2, rows=1000, dropout=0.0)
        >>> short, padded = (grams.rows(torch.tensor([text])) for text in ([5, 7], [5, 7, 0, 0]))
        >>> [int(row) for row in padded[0] if row] == short[0].tolist()[:-1]  # ^ a b $ ^a ab b$; none begins at $
        True
        """
        marked = functional.pad(functional.pad(tokens, (1, 0), value=self.begin), (0, 1))
        seen = marked != PADDING
        ends = functional.pad(seen[:, :-1] & ~seen[:, 1:], (1, 0))
        marked = marked + ends * self.end
        count, beyond = marked.shape[1], functional.pad(marked, (0, self.longest - 1))
        hashed, whole, rows = torch.zeros_like(marked), torch.ones_like(marked, dtype=torch.bool), []
        for at in range(self.longest):
            token = beyond[:, at : at + count]
            whole = whole & (token != PADDING)
            hashed = (hashed * FACTOR + token + 1) % PRIME
            rows.append((hashed % (self.table.num_embeddings - 1) + 1) * whole)
        return torch.cat(rows, 1)


class Deep(nn.Module):
    """Windows of several lengths and recurrence over tokens (N, L), then one layer: logits (N, classes)."""

    def __init__(self, vocabulary: int, classes: int, width: int, dropout: float):
        super().__init__()
        lengths = range(SHORTEST, LONGEST + 1)
        self.windows = ManyWindows(vocabulary, EMBEDDING, WINDOWS, lengths)
        self.recurrent = Recurrent(nn.GRU, vocabulary, EMBEDDING, width, 1)
        self.dropout = Dropout(dropout)
        self.fc = nn.Linear(WINDOWS * len(lengths) + 2 * width, classes)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits."""
        return self.fc(self.dropout(torch.cat([self.windows(tokens), self.recurrent(tokens)], 1)))


class WideDeep(nn.Module):
    """The mean of the logits of both halves.

    Learning, a third of the examples is answered by either half alone: neither leans on the other, as halves that
    learn their sum do, which then err alike.
    """

    def __init__(self, wide: nn.Module, deep: nn.Module):
        super().__init__()
        self.wide, self.deep = wide, deep

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits (N, classes)."""
        wide, deep = self.wide(tokens), self.deep(tokens)
        if not self.training:
            return (wide + deep) / 2
        share = torch.randint(3, (len(tokens), 1), device=wide.device) / 2  # 0, 1/2 or 1
        return share * wide + (1 - share) * deep


def wide_deep(
    *, classes: int, vocabulary: int, width: int = 128, ngrams: int = 5, rows: int = 131_072, dropout: float = 0.5
) -> WideDeep:
    """Build a regression on the ``ngrams`` of up to so many tokens beside windows and recurrent units ``width`` wide.

    ``rows`` are those of the table in which n-grams are found by their hash.
    """
    return WideDeep(
        NGrams(vocabulary, classes, longest=ngrams, rows=rows, dropout=dropout),
        Deep(vocabulary, classes, width, dropout),
    )
