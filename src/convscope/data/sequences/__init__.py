"""Texts and signals: what is one value after the other, of any length."""
