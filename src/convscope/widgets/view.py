"""A view of the page as an object: shown in a notebook, or saved as a page of its own."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from convscope.atomic import write
from convscope.errors import Error
from convscope.explorer.answer import JSON, Answer
from convscope.widgets.page import framed, page

if TYPE_CHECKING:
    from convscope.explorer.session import Session

MOST_BYTES = 8_000_000  # of the answers that a saved page holds


@dataclass(eq=False, repr=False)
class View:
    """A view: ``name`` of its file, the ``state`` that its sliders change, and what else it is ``given``.

    ``session`` answers its questions, ``None`` where it has none; ``asks`` are those that a saved page holds, first the
    ``first`` that the view asks as it is shown.
    """

    name: str
    title: str
    state: dict[str, Any] = field(default_factory=dict[str, Any])
    given: Mapping[str, Any] = field(default_factory=dict[str, Any])
    session: Session | None = None
    asks: Callable[[Session], Iterable[str]] | None = None
    first: int = 1
    _live: Any = None

    def __repr__(self) -> str:
        return f"<view {self.name}: show it in a notebook, or .save('page.html')>"

    def ask(self, address: str) -> Answer:
        """Return the answer to a question of the view, such as ``runs/R/maps/given:0?node=conv1``."""
        from convscope.explorer.questions import ask

        assert self.session is not None, f"the view {self.name} has nothing to ask"
        path, _, query = address.partition("?")
        words = "/".join(unquote(word) for word in path.split("/"))
        return ask(self.session, words, dict(parse_qsl(query)))

    def static(self, *, whole: bool = True) -> str:
        """Return the view as a page of its own, with what it asks as it is shown.

        The ``whole`` of it also holds what it may ask next, up to some megabytes; where these did not suffice, and in
        what a notebook keeps beside the live view, the page says what it lacks where that is asked for.
        """
        given = {"state": self.state, **self.given}
        if self.session is not None and self.asks is not None:
            addresses = self.asks(self.session)
            given["embedded"] = dict(self._answers(addresses if whole else islice(addresses, self.first)))
        return page(self.name, f"{self.title} · convscope", given)

    def _answers(self, addresses: Iterable[str]) -> Iterable[tuple[str, dict[str, Any]]]:
        taken = 0
        for address in addresses:
            try:
                answer = self.ask(address)
            except Error:  # of a layer without maps, say: a saved page says that it holds no such answer
                continue
            body = answer.body
            if (taken := taken + len(body)) > MOST_BYTES:
                return
            yield address, {"body": base64.b64encode(body).decode(), "json": answer.kind == JSON}

    def save(self, path: str | Path) -> Path:
        """Write the view as one HTML file that needs no network and no Python; raises ``SaveError``."""
        write(Path(path), self.static().encode())
        return Path(path)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        if self.session is None:  # it is as alive in a page as beside Python
            return {"text/html": framed(self.static()), "text/plain": repr(self)}
        if find_spec("anywidget") is None:
            note = "<p>To move through all of it: <code>pip install 'convscope[notebook]'</code></p>"
            return {"text/html": framed(self.static(whole=False)) + note, "text/plain": repr(self)}
        if self._live is None:
            from convscope.widgets.live import live

            self._live = live(self)
        bundle = self._live._repr_mimebundle_(include=include, exclude=exclude)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**(data or {}), "text/html": framed(self.static(whole=False))}, metadata  # for whoever has no kernel
