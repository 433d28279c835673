"""One sample of one primitive: what the laws are asked of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from catalogue import ENTRIES
from catalogue.entry import Entry, Sample
from convscope.ops import PRIMITIVES, Primitive

Arrays = list[np.ndarray | None]
EXACT = 1e-10  # relative, float64 against PyTorch
SINGLE = 1e-5  # relative, float32 against PyTorch in float64


@dataclass(frozen=True)
class Case:
    """A primitive (the real one, or one broken on purpose) with a sample of its catalogue entry."""

    entry: Entry
    primitive: Primitive
    sample: Sample

    @property
    def arguments(self) -> dict[str, Any]:
        return self.sample.arguments

    def draw(self, dtype: type = np.float64, seed: int = 0) -> Arrays:
        return self.sample.draw(dtype, seed)

    def named(self, arrays: Arrays) -> Iterator[tuple[str, np.ndarray]]:
        """Yield the arrays that are given with the names of their inputs."""
        pairs = zip(self.primitive.names(len(arrays)), arrays, strict=True)
        return ((name, array) for name, array in pairs if array is not None)

    def differentiable(self, arrays: Arrays) -> tuple[str, ...]:
        """Return the names of the inputs that have a gradient."""
        return self.primitive.names(len(arrays)) if self.primitive.variadic else self.primitive.differentiable

    def linear(self, arrays: Arrays) -> tuple[str, ...]:
        """Return the names of the inputs given in which the output is linear."""
        every = self.primitive.variadic and bool(self.entry.linear)
        return tuple(name for name, _ in self.named(arrays) if every or name in self.entry.linear)

    def replaced(self, arrays: Arrays, name: str, array: np.ndarray) -> Arrays:
        """Return the arrays with another one for the input ``name``."""
        return [array if n == name else a for n, a in zip(self.primitive.names(len(arrays)), arrays, strict=True)]

    def output(self, arrays: Arrays) -> np.ndarray:
        return _tuple(self.primitive.forward(*arrays, **self.arguments))[0]

    def upstream(self, arrays: Arrays) -> np.ndarray:
        """Return a random gradient of the output."""
        made = self.output(arrays)
        return np.asarray(
            np.random.default_rng(1).standard_normal(made.shape), made.dtype if _floating(made) else float
        )

    def gradients(self, grad: np.ndarray, arrays: Arrays) -> dict[str, np.ndarray]:
        """Return the gradient of each differentiable input that is given."""
        made = self.primitive.backward(grad, *arrays, **self.arguments)
        names = self.differentiable(arrays)
        fields = made._asdict() if hasattr(made, "_asdict") else dict(zip(names, _tuple(made), strict=True))
        found = {name: fields[name] for name in names}
        given = dict(self.named(arrays))
        assert all((found[name] is None) == (not _floating(given.get(name))) for name in names), "None for no numbers"
        return {name: gradient for name, gradient in found.items() if gradient is not None}

    def torch(self, arrays: Arrays) -> np.ndarray:
        """Return the reference's output."""
        with torch.no_grad():
            return self.entry.torch(*_tensors(arrays), **self.arguments).numpy()

    def torch_gradients(self, grad: np.ndarray, arrays: Arrays) -> dict[str, np.ndarray]:
        """Return what autograd finds for each differentiable input that is given."""
        tensors = dict(zip(self.primitive.names(len(arrays)), _tensors(arrays), strict=True))
        floating = [name for name, array in self.named(arrays) if _floating(array)]
        asked = {n: tensors[n].requires_grad_() for n in self.differentiable(arrays) if n in floating}
        if not asked:
            return {}
        output = self.entry.torch(*tensors.values(), **self.arguments)
        made = torch.autograd.grad(output, list(asked.values()), torch.tensor(grad), materialize_grads=True)
        return {name: gradient.numpy() for name, gradient in zip(asked, made, strict=True)}


def _floating(array: np.ndarray | None) -> bool:
    return array is not None and array.dtype.kind == "f"


def _tuple(made: Any) -> tuple:
    return made if isinstance(made, tuple) else (made,)


def _tensors(arrays: Arrays) -> list[Any]:
    return [None if array is None else torch.tensor(array) for array in arrays]


def widened(arrays: Arrays) -> Arrays:
    """Return float32 arrays as float64, others as they are."""
    return [a.astype(np.float64) if a is not None and a.dtype == np.float32 else a for a in arrays]


def shapes(arrays: Arrays) -> list[tuple[int, ...] | None]:
    """Return the shape of each array, None for one that is absent."""
    return [None if array is None else array.shape for array in arrays]


def assert_close(found: np.ndarray, expected: np.ndarray, relative: float) -> None:
    """Assert equal shapes, and numbers that differ by at most ``relative`` times the largest one expected."""
    assert np.shape(found) == np.shape(expected)
    finite = np.abs(np.asarray(expected)[np.isfinite(expected)])
    np.testing.assert_allclose(found, expected, rtol=relative, atol=relative * finite.max(initial=0))


def with_nan(array: np.ndarray, at: tuple[int, ...]) -> np.ndarray:
    """Return a copy with NaN at one place."""
    spoilt = array.copy()
    spoilt[at] = np.nan
    return spoilt


def assert_nan_alike(found: np.ndarray, expected: np.ndarray, matters: np.ndarray, where: str) -> None:
    """Assert NaN where PyTorch has it, in all that ``matters``; beside that, what it multiplies by 0 may differ."""
    found, expected = np.isnan(found), np.isnan(expected)
    assert not (found & ~expected).any(), f"{where}: NaN beyond PyTorch's"
    assert not (expected & matters & ~found).any(), f"{where}: NaN lost"


def cases(primitives: Iterable[Primitive]) -> Iterator[Case]:
    """Yield every sample of the primitives."""
    for primitive in primitives:
        entry = ENTRIES[primitive.name]
        yield from (Case(entry, primitive, sample) for sample in entry.samples)


def is_small(case: Case) -> bool:
    """Say whether every input can be tried, one number at a time."""
    sizes = [array.size for _, array in case.named(case.draw())]
    return min(sizes) > 0 and sum(sizes) <= 300


def label(case: Case) -> str:
    """Return ``correlate(2x3x5, 4x3x3, stride=2)``."""
    sizes = ("None" if shape is None else "x".join(map(str, shape)) or "()" for shape in shapes(case.draw()))
    arguments = (f"{name}={value}".replace(" ", "") for name, value in case.arguments.items())
    return f"{case.entry.name}({', '.join((*sizes, *arguments))})"


def field_table(case: Case) -> dict[str, np.ndarray]:
    """Return by input a table (its numbers, the output's numbers): what the field rule says feeds what."""
    arrays = case.draw()
    output = case.output(arrays).shape
    told = {name: np.zeros((*array.shape, *output), bool) for name, array in case.named(arrays)}
    for at in np.ndindex(output):
        field = case.primitive.field(at, *shapes(arrays), **case.arguments)
        assert set(field) == set(told)
        for name, index in field.items():
            assert all(np.all(np.diff(axis) > 0) for axis in index), "positions are sorted, each told once"
            told[name][(*np.ix_(*index), *at)] = True
    return told


def ask(law: Callable[..., None], samples: Iterable[tuple[Any, ...]], called: Callable[..., str]) -> None:
    """Ask a law of every sample, and raise all that it is broken by together, each with what it is ``called``."""
    broken = []
    for sample in samples:
        try:
            law(*sample)
        except (Exception, pytest.fail.Exception) as error:  # whatever it is, it is told with its sample
            error.add_note(called(*sample))
            broken.append(error)
    if broken:
        raise BaseExceptionGroup(f"{len(broken)} samples break {law.__name__}", broken)


Law = Callable[[Case], None]


def over(wanted: Callable[[Case], bool] = lambda case: True) -> Callable[[Law], Law]:
    """Make of a law one test a primitive: it is asked of every sample that is ``wanted``, and each that breaks it told.

    One test a sample would be tens of thousands, most of whose time is pytest's own. The law itself stays at hand as
    the test's ``law``.
    """

    def decorate(law: Law) -> Law:
        every = {name: list(cases([PRIMITIVES[name]])) for name in PRIMITIVES if name in ENTRIES}
        asked = [name for name, samples in every.items() if any(map(wanted, samples))]

        @pytest.mark.parametrize("name", asked)
        def test(name: str) -> None:
            ask(law, ((case,) for case in filter(wanted, every[name])), label)

        test.__name__, test.__module__, test.__doc__ = law.__name__, law.__module__, law.__doc__
        test.law = law  # pyright: ignore[reportFunctionMemberAccess]
        return test  # pyright: ignore[reportReturnType]

    return decorate
