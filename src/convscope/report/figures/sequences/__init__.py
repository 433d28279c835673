"""Figures of texts, DNA and signals."""

from convscope.report.figures.sequences import bases, embeddings, examples, firing, letters, logos, traces, typed

__all__ = ["bases", "embeddings", "examples", "firing", "letters", "logos", "traces", "typed"]
