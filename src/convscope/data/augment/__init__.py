"""Augmentation of whole batches: a policy in words, applied in torch, random by sample and not by batch."""

from convscope.data.augment.defaults import default_policy
from convscope.data.augment.policy import Policy

__all__ = ["Policy", "default_policy"]
