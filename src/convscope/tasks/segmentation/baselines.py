"""Simple methods beside a network of masks."""

from __future__ import annotations

from convscope.tasks.baselines import Baseline

METHODS: dict[str, Baseline] = {}
