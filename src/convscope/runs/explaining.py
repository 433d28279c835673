"""What a run's answers rest on: files in, maps of each method out, a batch at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from convscope.data.decode import limited
from convscope.data.given import Images
from convscope.data.image_files import Held
from convscope.data.sequences.first_window import first_window
from convscope.data.spec import TargetSpec
from convscope.data.transforms import LogMelTransform, SignalTransform, Stored, TextTransform, Transform
from convscope.data.transforms.text import text_of
from convscope.errors import ConfigError
from convscope.explaining.explained import Explained
from convscope.explaining.explanation import DEFAULT, Explanation, attributions, map_of, methods_of
from convscope.explaining.failures import failed
from convscope.explaining.finite import check_weights
from convscope.explaining.methods import Method
from convscope.explaining.removal import NEARLY
from convscope.explaining.score import Score, answering
from convscope.explaining.targets import choose
from convscope.graph.record.nested import named_tensors
from convscope.runs.predictor import Predictor

BATCH, NUMBERS = 32, 8_000_000  # examples of a batch, and numbers of its inputs: methods keep what gradients need


@dataclass(frozen=True)
class Question:
    """What is asked of a network: by which ``methods``, for which ``target`` or place, from which layer ``node``.

    ``target``: the name or number of an output, by default the answer's. ``at``: a place of a mask.
    """

    methods: tuple[Method, ...] = field(default_factory=lambda: methods_of(DEFAULT))
    target: str | int | None = None
    at: tuple[int, ...] | None = None
    node: str | None = None

    @classmethod
    def of(
        cls,
        method: str | Sequence[str] = DEFAULT,
        target: str | int | None = None,
        at: Sequence[int] | None = None,
        node: str | None = None,
    ) -> Question:
        """Return a question with methods by their names; ``ConfigError`` for one that there is not."""
        return cls(methods_of(method), target, None if at is None else tuple(at), node)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the methods."""
        return tuple(each.name for each in self.methods)


@dataclass(frozen=True, eq=False)
class Explainer:
    """A network with what turns files into its inputs and its outputs into answers, and what is asked of it."""

    predictor: Predictor
    question: Question
    _seen: dict[tuple[int, ...], Explained] = field(default_factory=dict, init=False, repr=False)

    def explain(self, inputs: Images | Iterable[Images]) -> Iterator[Explanation]:
        """Yield an explanation of each input, in their order; of what cannot be read one with its ``error``.

        Raises ``CheckpointError`` for weights that are NaN, and ``ConfigError`` for a target, a layer or methods that
        do not fit the network.
        """
        check_weights(self.model)
        examples = iter(self.predictor.examples(inputs))
        yield from self._of_chunk(list(itertools.islice(examples, 1)))  # alone, for those who want no more
        while chunk := list(itertools.islice(examples, BATCH)):
            yield from self._of_chunk(chunk)

    @property
    def model(self) -> nn.Module:
        """The network itself, in the form in which it was trained."""
        return self.predictor.model

    def _of_chunk(self, chunk: Sequence[Held]) -> Iterator[Explanation]:
        with limited(self.predictor.max_pixels):
            stored = [each.stored(self.predictor.transform) for each in chunk]
        good = [at for at, each in enumerate(stored) if isinstance(each, Stored)]
        explained = dict(zip(good, self._of_stored([stored[at] for at in good]), strict=True))  # pyright: ignore
        for at, (held, each) in enumerate(zip(chunk, stored, strict=True)):
            if isinstance(each, Stored):
                yield replace(explained[at], input=held.name, note=each.note)
            else:
                yield Explanation(held.name, error=str(each))

    def _of_stored(self, stored: Sequence[Stored]) -> list[Explanation]:
        answers = [answer for answer, _ in self.predictor.answers(stored)]
        raws = [np.array(first_window(each.values, self.predictor.transform)) for each in stored]
        tensors = [self.predictor.tensor(raw[None]) for raw in raws]
        explanations: list[Explanation | None] = [None] * len(stored)
        for rows in _of_one_size(tensors):
            x = torch.cat([tensors[row] for row in rows])
            for row, explanation in zip(rows, self._of_batch(x), strict=True):
                shown = _shown(raws[row], self.predictor.transform, tensors[row][0])
                explanations[row] = replace(explanation, answer=answers[row], **shown)
        return [each for each in explanations if each is not None]

    def _of_batch(self, x: Tensor) -> Iterator[Explanation]:
        return explanations(self.seen(x), self.predictor.target, self.question)

    def seen(self, x: Tensor) -> Explained:
        """Return a batch for the methods; a network is recorded once for each size of its inputs."""
        size = tuple(x.shape[1:])
        if size in self._seen:
            return self._seen[size].of(x)
        nothing = NEARLY if isinstance(self.predictor.transform, SignalTransform) else 0.0
        self._seen[size] = Explained(self.model, x, nothing, self.question.node)
        return self._seen[size]


def explanations(
    explained: Explained, target: TargetSpec | None, question: Question, names: Sequence[str] = ()
) -> Iterator[Explanation]:
    """Yield an explanation of each row of a batch, without what only a run knows: its file, answer and picture."""
    if question.node is not None and explained.graph is not None:
        explained.graph[question.node]
    chosen = choose(outputs_of(explained), target, question.target, question.at, names)
    maps, refused = attributions(question.methods, explained, chosen.score)
    for row, said in enumerate(chosen.said):
        of_row = {name: map_of(each, row) for name, each in maps.items()}
        region = None if chosen.regions is None else chosen.regions[row]
        yield Explanation("", {}, said, chosen.score.name, of_row, refused, region=region)


def outputs_of(explained: Explained) -> Tensor:
    """Return what a network gives for a batch, (N, K, ...) float32; ``ShapeError`` for inputs that it does not take."""
    try:
        with answering(explained.model), torch.inference_mode():
            outputs = explained.model(explained.x)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        raise failed(explained, error) from error
    first = next((tensor for _, tensor in named_tensors(outputs)), None)
    if first is None or first.ndim < 2 or len(first) != len(explained.x):
        raise ConfigError(f"expected an output (N, K, ...) for {len(explained.x)} inputs, found {_said(first)}")
    return first.float().clone()  # no inference tensor any more: scores of gradients are built on it


def _said(output: Tensor | None) -> str:
    return "no tensor" if output is None else f"{tuple(output.shape)}"


def own_score(explained: Explained, target: TargetSpec | None) -> Score:
    """Return the score of each example's own answer."""
    return choose(outputs_of(explained), target).score


def _of_one_size(tensors: Sequence[Tensor]) -> Iterator[list[int]]:
    """Yield the rows of each batch: of one size, and of no more numbers than memory has room for."""
    by_size: dict[tuple[int, ...], list[int]] = {}
    for row, tensor in enumerate(tensors):
        by_size.setdefault(tuple(tensor.shape[1:]), []).append(row)
    for size, rows in by_size.items():
        most = max(1, min(BATCH, NUMBERS // max(1, int(np.prod(size)))))
        yield from (rows[first : first + most] for first in range(0, len(rows), most))


def _shown(raw: np.ndarray, transform: Transform, x: Tensor) -> dict[str, Any]:
    """Return what of an example is shown: its pixels or steps, of a text its pieces, of a recording its spectrogram."""
    if isinstance(transform, LogMelTransform):
        return {"raw": np.moveaxis(x.cpu().numpy(), 0, -1), "upward": True}
    if not isinstance(transform, TextTransform):
        return {"raw": raw}
    pieces = transform.units(text_of(raw))
    return {"letters": tuple(pieces) + ("",) * (len(x) - len(pieces))}
