"""Which tensors of a checkpoint are a network's: trainers save them beside others, under keys and behind prefixes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from convscope.errors import CheckpointError
from convscope.text import count, listed

# Put before every name by data-parallel, compiled and Lightning modules, and by those that wrap a network.
PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "network.", "backbone.", "encoder.")
PREFERRED = ("ema", "teacher", "averaged")  # words in keys and prefixes: of two networks their authors judge this one
ALIKE = 0.5  # of the names that a network or a set of tensors has, this share in both makes them the same
NEAR = 0.9  # of the best match: what is as good as it
DEEPEST = 4  # keys above a state dict
COUNTER = "num_batches_tracked"  # batch norm's, which older files do not have
SHOWN = 3  # names of what was left out


@dataclass(frozen=True)
class Candidate:
    """Tensors of one file that could be a network's: ``keys`` lead to them, ``prefix`` was taken off their names."""

    keys: tuple[str, ...]
    prefix: str
    tensors: dict[str, Tensor]

    @property
    def place(self) -> str:
        """Where it lies, in words."""
        key = f"the key {'/'.join(self.keys)!r}" if self.keys else ""
        prefix = f"the prefix {self.prefix!r}" if self.prefix else ""
        return " and ".join(filter(None, (key, prefix))) or "no key"

    @property
    def preferred(self) -> bool:
        """Whether it says of itself that it is an average, or a teacher."""
        words = re.split(r"[\W_]+", ".".join((*self.keys, self.prefix)).lower())
        return any(word in words for word in PREFERRED)


def pick(content: Any, own: Mapping[str, Tensor], path: Path) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Return the tensors of a checkpoint that are named as ``own``, a network's, and what to say of the choice.

    Keys and prefixes around them are taken off. Where no tensors have such names, those of the largest state dict are
    returned. Raises ``CheckpointError`` where there are no tensors, and where two networks fit equally well.
    """
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} holds a {type(content).__name__}, not a state dict: a name for each tensor")
    held = sorted(_state_dicts(content), key=lambda candidate: len(candidate.keys))
    if not held:
        keys = listed(map(repr, content)) or "nothing"
        raise CheckpointError(f"{path} holds no tensors, but {keys}; where it was written, save model.state_dict()")
    candidates = _best([candidate for whole in held for candidate in _named_alike(whole, own)], own)
    rivals = [other for other in candidates[1:] if not _equal(other.tensors, candidates[0].tensors)]
    if rivals:
        places = "; ".join(candidate.place for candidate in (candidates[0], *rivals))
        raise CheckpointError(
            f"{path} holds several networks that fit ({places}), and does not say which one is meant; "
            f"save the one to start from in a file of its own{_how_to_save(candidates[0])}"
        )
    chosen = candidates[0] if candidates else _largest(held)
    return chosen.tensors, _notes(chosen, held)


def _state_dicts(content: dict[Any, Any], keys: tuple[str, ...] = ()) -> Iterator[Candidate]:
    """Yield the tensors in a dict and in those below it, under their whole names."""
    named = {name: value for name, value in content.items() if isinstance(name, str)}
    tensors = {name: value.detach() for name, value in named.items() if isinstance(value, Tensor)}
    if tensors:
        yield Candidate(keys, "", tensors)
    for name, value in named.items():
        if isinstance(value, dict) and len(keys) < DEEPEST:
            yield from _state_dicts(value, (*keys, name))


def _named_alike(whole: Candidate, own: Mapping[str, Tensor]) -> Iterator[Candidate]:
    """Yield the tensors behind each prefix where they have the names of a network, or most of them."""
    wanted, matches, sizes = _names(own), Counter[str](), Counter[str]()
    for name in _names(whole.tensors):
        for prefix, suffix in _splits(name):
            sizes[prefix] += 1
            matches[prefix] += suffix in wanted
    for prefix, matching in matches.items():
        if matching > ALIKE * (len(wanted) + sizes[prefix] - matching):
            yield Candidate(whole.keys, prefix, _behind(prefix, whole.tensors))


def _names(tensors: Mapping[str, Tensor]) -> dict[str, None]:
    """Return the names without batch norm's counters, in their order."""
    return {name: None for name in tensors if not name.endswith(COUNTER)}


def _splits(name: str) -> Iterator[tuple[str, str]]:
    """Yield each prefix of a name with the rest behind it.

    >>> list(_splits("model.conv1.weight"))
    [('', 'model.conv1.weight'), ('model.', 'conv1.weight'), ('model.conv1.', 'weight')]
    """
    parts = name.split(".")
    for at in range(len(parts)):
        yield "".join(f"{part}." for part in parts[:at]), ".".join(parts[at:])


def _behind(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _best(candidates: list[Candidate], own: Mapping[str, Tensor]) -> list[Candidate]:
    """Return the candidates that fit best; of those that fit equally well, averages and teachers only."""
    wanted = _names(own)

    def fitting(candidate: Candidate) -> int:
        tensors = candidate.tensors
        return sum(name in tensors and tensors[name].shape == tensor.shape for name, tensor in own.items())

    def alike(candidate: Candidate) -> float:
        names = _names(candidate.tensors)
        return len(names.keys() & wanted) / len(names.keys() | wanted)

    for measure in (alike, fitting):
        most = max(map(measure, candidates), default=0)
        candidates = [candidate for candidate in candidates if measure(candidate) >= NEAR * most]
    return [candidate for candidate in candidates if candidate.preferred] or candidates


def _largest(held: list[Candidate]) -> Candidate:
    """Return the largest state dict, without the usual prefixes where most of its names have them."""
    whole = max(held, key=lambda candidate: len(candidate.tensors))
    usual, tensors = "", whole.tensors
    while prefix := next((p for p in PREFIXES if 2 * len(behind := _behind(p, tensors)) > len(tensors)), ""):
        usual, tensors = usual + prefix, behind
    return Candidate(whole.keys, usual, tensors)


def _equal(tensors: dict[str, Tensor], others: dict[str, Tensor]) -> bool:
    """Return whether two candidates are the same weights, as of a network that has two names."""
    return tensors.keys() == others.keys() and all(
        tensor.layout == torch.strided and torch.equal(tensor, others[name]) for name, tensor in tensors.items()
    )


def _how_to_save(chosen: Candidate) -> str:
    value, prefix = "torch.load(FILE)" + "".join(f"[{key!r}]" for key in chosen.keys), chosen.prefix
    if prefix:
        value = f"{{k.removeprefix({prefix!r}): v for k, v in {value}.items() if k.startswith({prefix!r})}}"
    return f", such as torch.save({value}, 'weights.pth')"


def _notes(chosen: Candidate, held: list[Candidate]) -> tuple[str, ...]:
    """Say where the tensors were found, and what else was there."""
    if not chosen.keys and not chosen.prefix:
        return ()
    names = [name for whole in held if whole.keys == chosen.keys for name in whole.tensors]
    beside = [name for name in names if not name.startswith(chosen.prefix)]
    left = f"; left out beside them: {count(len(beside), 'tensor')} ({listed(beside, SHOWN)})" if beside else ""
    others = [whole for whole in held if whole.keys != chosen.keys]
    networks = ["/".join(other.keys) for other in others if 2 * len(other.tensors) > len(chosen.tensors)]
    other = f"; not taken: {listed(map(repr, networks), SHOWN)}" if networks else ""
    return (f"the weights are those under {chosen.place} of the file{left}{other}",)
