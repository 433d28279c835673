"""A view of the page as an object: shown in a notebook, or saved as a page of its own."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from convscope.errors import Error

if TYPE_CHECKING:
    from convscope.explorer.answer import Answer
    from convscope.explorer.session import Session

Asks = Callable[["Session", Mapping[str, Any]], Iterable[str]]
MOST_BYTES = 8_000_000  # of the answers that a saved page holds


@dataclass(eq=False, repr=False)
class View:
    """A view: ``name`` of its file, the ``state`` that its sliders change, and what else it is ``given``.

    ``session`` answers its questions, ``None`` where it has none; ``asks`` gives those that a saved page holds, by the
    state, first the ``first`` that the view asks as it is shown.
    """

    name: str
    state: dict[str, Any] = field(default_factory=dict[str, Any])
    given: Mapping[str, Any] = field(default_factory=dict[str, Any])
    session: Session | None = None
    asks: Asks | None = None
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
        from convscope.widgets.page import page

        given = {"state": self.state, **self.given}
        if self.session is not None and self.asks is not None:
            addresses = self.asks(self.session, self.state)
            given["embedded"] = dict(self._answers(addresses if whole else islice(addresses, self.first)))
        return page(self.name, given)

    def _answers(self, addresses: Iterable[str]) -> Iterable[tuple[str, dict[str, Any]]]:
        from convscope.explorer.answer import JSON

        taken = 0
        for address in addresses:
            try:
                answer = self.ask(address)
            except Error:  # of a layer without maps, say: a saved page says that it holds no such answer
                continue
            body = gzip.compress(answer.body, mtime=0)
            if (taken := taken + len(body)) > MOST_BYTES:
                return
            yield address, {"body": base64.b64encode(body).decode(), "json": answer.kind == JSON}

    def save(self, path: str | Path) -> Path:
        """Write the view as one HTML file that needs no network and no Python; raises ``SaveError``."""
        from convscope.atomic import write

        write(Path(path), self.static().encode())
        return Path(path)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """Return the view alive, as a page for whoever has no kernel, and as a picture for whoever shows neither."""
        from convscope.widgets.page import framed

        if self.session is None:  # it is as alive in a page as beside Python
            return {"text/html": framed(self.static()), **self._plain()}
        if find_spec("anywidget") is None:
            note = "<p>To move through all of it: <code>pip install 'convscope[notebook]'</code></p>"
            return {"text/html": framed(self.static(whole=False)) + note, **self._plain()}
        if self._live is None:
            from convscope.widgets.live import live

            self._live = live(self)
        bundle = self._live._repr_mimebundle_(include=include, exclude=exclude)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**(data or {}), "text/html": framed(self.static(whole=False)), **self._plain()}, metadata

    def _plain(self) -> dict[str, Any]:
        from convscope.widgets.picture import png

        picture = png(self)
        shown = {} if picture is None else {"image/png": base64.b64encode(picture).decode()}
        return {**shown, "text/plain": repr(self)}
