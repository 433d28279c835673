"""A view in a running notebook: its questions go to the kernel, and come back as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from convscope.errors import ConfigError, Error
from convscope.explorer.answer import JSON, Answer
from convscope.explorer.pages import static_files, views
from convscope.widgets.join import joined

if TYPE_CHECKING:
    from convscope.widgets.view import View

VIEW = "views/"  # in front of what is asked for a view's file
OF_ANY = ("layers", "field", "whatif", "maps", "trace", "components")  # of a network of which only numbers are known


class Live(anywidget.AnyWidget):
    """The widget of a view; ``state`` is the same as the view's, ``offers`` are those that its links may lead to."""

    view = traitlets.Unicode().tag(sync=True)
    offers = traitlets.Dict().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    said = traitlets.Unicode("").tag(sync=True)  # of the pixels
    pixels = traitlets.Any(None, allow_none=True).tag(sync=True)


def live(view: View) -> Live:
    """Return the widget of a view, which answers its questions."""

    class Shown(Live):
        _esm = joined(view.name, "notebook")
        _css = scoped(static_files()["style.css"].body.decode())

    widget = Shown(view=view.name, offers=_offers(view), state=dict(view.state), **view.given)
    widget.observe(lambda change: _keep(view, change["new"]), "state")
    widget.on_msg(lambda _, message, buffers: _answer(view, widget, message))
    return widget


def scoped(style: str) -> str:
    """Return the page's style for what stands within an element of the class ``convscope`` alone."""
    within = style.replace(":root", "&").replace("\nbody {", "\n& {").replace("\nhtml {", "\n& {")
    return f".convscope {{\n{within}\n}}\n"


def _keep(view: View, state: dict[str, Any]) -> None:
    """Keep what its sliders are set to; what another view in its place is set to is not the view's."""
    if state.get("view", view.name) == view.name:
        view.state.clear()
        view.state.update(state)


def _offers(view: View) -> dict[str, dict[str, Any]]:
    """Return the views that links lead to: of a run all that show one, of another network those that need no more."""
    if view.session is None:
        return {}
    whole = all(opened.is_run for opened in view.session.runs.values())
    return {
        name: {"title": entry.title, "image": entry.needs == "image"}
        for name, entry in views().items()
        if entry.needs != "nothing" and (whole or name in OF_ANY)
    }


def _module(name: str) -> Answer:
    """Return a view as a module, as a notebook opens it in the place of another."""
    if name not in views():
        raise ConfigError(f"there is no view {name!r}")
    return Answer({"module": joined(name)})


def _answer(view: View, widget: Live, message: Any) -> None:
    if not isinstance(message, dict) or not {"number", "address"} <= message.keys():
        return
    address = str(message["address"])
    try:
        answer = _module(address.removeprefix(VIEW)) if address.startswith(VIEW) else view.ask(address)
    except Error as error:
        widget.send({"number": message["number"], "error": str(error)})
    else:
        widget.send({"number": message["number"], "json": answer.kind == JSON}, [answer.body])
