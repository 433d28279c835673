"""What is open behind the page: runs by name, the examples that they are judged by, and forwards that were asked for.

Everything is opened when it is first needed, so that the page stands before PyTorch is imported; the forwards of
examples are kept up to a number of bytes, the last used ones longest. One lock: networks are asked one at a time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from convscope.errors import ConfigError, DataError, nearest
from convscope.explorer.own import OwnFile
from convscope.text import listed

if TYPE_CHECKING:
    from convscope.analysis.inspection import Inspection
    from convscope.data.dataset import Split
    from convscope.runs.run import Run
    from convscope.tracing.forward import Forward

T = TypeVar("T")
GIVEN = "given"  # as the split of an example that a notebook gives
OWN = "own"  # as the split of a file that was dropped on the page
MOST_BYTES, MOST_OWN = 512 * 2**20, 64  # of kept forwards; files that were dropped on the page
MOST_RESULTS = 256  # of other questions, such as maps of explanations


@dataclass(eq=False)
class Opened:
    """A run on the page, or another network of a notebook; each part of it is opened when it is first asked for."""

    name: str
    folder: Path = Path()
    network: Any = None  # where it is not a folder that is opened
    input_shape: tuple[int, ...] | None = None  # of a network that does not say it

    @cached_property
    def run(self) -> Run:
        """The run itself; raises as ``open_run``, and ``ConfigError`` for a network that is none."""
        from convscope.runs.run import open_run

        if self.network is not None:
            if not self.is_run:
                raise ConfigError(f"{type(self.network).__name__} is no run: it has no classes, examples or training")
            return self.network
        return open_run(self.folder)

    @property
    def is_run(self) -> bool:
        """Whether it is a run, and not a network alone."""
        if self.network is None:
            return True
        from convscope.api.inspect import is_run

        return is_run(self.network)

    @property
    def source(self) -> Any:
        """The network as ``inspect`` and ``trace`` take it."""
        return self.run if self.is_run else self.network

    @cached_property
    def held(self) -> tuple[str, Split, tuple[str, ...]]:
        """The split that the run is judged by; ``DataError`` where its set cannot be read, as after it was moved."""
        from convscope.runs.evaluate import held_out

        run = self.run
        try:
            return held_out(run)
        except DataError as error:
            raise DataError(
                f"the set of this run cannot be read, so that its examples cannot be shown: {error}. The network, its "
                "training and files of your own can"
            ) from None

    @cached_property
    def inspection(self) -> Inspection:
        """Shapes, costs and fields of its network."""
        from convscope.api.inspect import inspect

        return inspect(self.source, self.input_shape)


@dataclass(eq=False)
class Session:
    """All that is open: ``runs`` by name; ``ready`` is set once PyTorch is imported and questions are answered fast."""

    runs: Mapping[str, Opened] = field(default_factory=dict[str, Opened])
    given: Mapping[str, Any] = field(default_factory=dict[str, Any])  # examples by name, in a notebook
    most_bytes: int = MOST_BYTES
    lock: threading.RLock = field(default_factory=threading.RLock)
    ready: threading.Event = field(default_factory=threading.Event)
    _own: OrderedDict[str, OwnFile] = field(default_factory=OrderedDict[str, OwnFile])
    _results: OrderedDict[Any, Any] = field(default_factory=OrderedDict[Any, Any])
    _forwards: OrderedDict[tuple[str, str], tuple[Forward, int]] = field(
        default_factory=OrderedDict[tuple[str, str], "tuple[Forward, int]"]
    )

    def run(self, name: str) -> Opened:
        """Return a run by its name; ``ConfigError`` with the nearest name where there is none."""
        if name not in self.runs:
            hint = nearest(name, self.runs) or f"; there are {listed(self.runs)}" if self.runs else "; none is open"
            raise ConfigError(f"there is no run {name!r}{hint}")
        return self.runs[name]

    def keep(self, file: OwnFile) -> str:
        """Keep a file of the user's or a text, the last few of them, and return by what it is asked for.

        The name is made of the content, so that a link leads to the same file once that is dropped again.
        """
        handle = sha256(file.content).hexdigest()[:16]
        self._own[handle] = file
        self._own.move_to_end(handle)
        while len(self._own) > MOST_OWN:
            self._own.popitem(last=False)
        return f"{OWN}:{handle}"

    def own(self, image: str) -> OwnFile:
        """Return a file of the user's by its name, such as ``own:1f…``; ``DataError`` where it is not kept."""
        handle = image.partition(":")[2]
        if handle not in self._own:
            raise DataError(
                "this link was made with an example of somebody's own, which stays on the machine where it was given, "
                "and there until the page is stopped: drop the same file on the page again, or ask for the same text"
            )
        self._own.move_to_end(handle)
        return self._own[handle]

    def example(self, opened: Opened, image: str) -> Any:
        """Return an example by its name, such as ``test:17``: of the split that a run is judged by, or the user's own.

        Raises:
            DataError: there is no such example, or a file that was dropped is not kept any more.
        """
        if image in self.given:
            return self.given[image]
        split_name, _, at = image.partition(":")
        if split_name == OWN:
            return self.own(image).read(opened.run)
        name, split, _ = opened.held
        if split_name != name or not at.isdecimal() or int(at) >= len(split):
            raise DataError(f"there is no example {image!r}; there are {name}:0 to {name}:{len(split) - 1}")
        return split[int(at)]

    def forward(self, opened: Opened, image: str) -> Forward:
        """Return every value of one example, computed once and kept while there is room."""
        key = (opened.name, image)
        if key in self._forwards:
            self._forwards.move_to_end(key)
            return self._forwards[key][0]
        from convscope.api.trace import forward

        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # infinity and NaN are shown as such
            result = forward(opened.source, self.example(opened, image))
        size = sum(array.nbytes for array in {**result.values.arrays, **result.engine}.values())
        self._forwards[key] = (result, size)
        while len(self._forwards) > 1 and sum(each for _, each in self._forwards.values()) > self.most_bytes:
            self._forwards.popitem(last=False)
        return result

    def once(self, key: Hashable, compute: Callable[[], T], *, anew: bool = False) -> T:
        """Return what ``compute`` gives, computed once, or ``anew``; the results that were last asked for are kept."""
        if anew or key not in self._results:
            self._results[key] = compute()
        self._results.move_to_end(key)
        while len(self._results) > MOST_RESULTS:
            self._results.popitem(last=False)
        return self._results[key]

    def warm(self) -> None:
        """Import what answering needs, and record the first network; then ``ready`` is set."""
        try:
            with self.lock:
                for opened in [*self.runs.values()][:1]:
                    opened.inspection.graph  # noqa: B018 - recorded here
        except Exception:  # the first question that needs the network gets the same error, in words
            pass
        finally:
            self.ready.set()


def session_of(folders: Iterable[str | Path]) -> Session:
    """Return a session over run folders, each called by its folder's name; later ones of one name get a number.

    Raises ``CheckpointError`` for a folder that is no run.
    """
    from convscope.runs.files import check_is_run

    runs: dict[str, Opened] = {}
    for folder in map(Path, folders):
        check_is_run(folder)
        name = base = folder.resolve().name
        number = 1
        while name in runs:
            number += 1
            name = f"{base}-{number}"
        runs[name] = Opened(name, folder)
    return Session(runs)


def session_on(name: str, network: Any, given: Mapping[str, Any]) -> Session:
    """Return a session over one network, a run, a folder of one, a module or a name, and examples by their names."""
    if isinstance(network, str | Path) and Path(network).is_dir():
        return Session({name: Opened(name, Path(network))}, given)
    shapes = [tuple(np.shape(example)[1:]) for example in given.values() if hasattr(example, "shape")]
    opened = Opened(name, network=network)
    if shapes and not opened.is_run:
        opened.input_shape = shapes[0]
    return Session({name: opened}, given)
