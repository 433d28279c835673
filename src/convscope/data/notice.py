"""What a check, a source or a training has to tell of one thing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """One thing a check found: a short code, a sentence for the user, and files or rows it is about.

    ``examples`` need not be all of them: the sentence counts.
    """

    code: str
    text: str
    examples: tuple[str, ...] = ()
