"""Pairs of an image and a mask by their files, and those that have no partner."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Pairs:
    """Images with the files of their masks, the split of each, and a group that no split may divide ("" for none).

    ``unmasked`` and ``unpaired`` are images and masks without a partner where others have one; ``unlabelled`` are
    images of which none has a mask. ``missing`` says which named files are not there.
    """

    images: list[str] = field(default_factory=list)
    masks: list[str] = field(default_factory=list)
    split: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    unmasked: list[str] = field(default_factory=list)
    unpaired: list[str] = field(default_factory=list)
    unlabelled: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def add(self, image: str, mask: str, split: str = "", group: str = "") -> None:
        """Add a pair."""
        self.images.append(image)
        self.masks.append(mask)
        self.split.append(split)
        self.groups.append(group)
