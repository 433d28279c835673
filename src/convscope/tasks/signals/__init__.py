"""Simple methods for signals: what they see of one, and what they learn from it."""
