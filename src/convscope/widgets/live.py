"""A view in a running notebook: its questions go to the kernel, and come back as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from convscope.errors import Error
from convscope.explorer.answer import JSON
from convscope.explorer.pages import static_files
from convscope.widgets.join import joined

if TYPE_CHECKING:
    from convscope.widgets.view import View

RENDER = """export default {
  render({ model, el }) {
    el.classList.add("convscope");
    return $view.render({ model, el });
  },
};
"""


class Live(anywidget.AnyWidget):
    """The widget of a view; ``state`` is the same as the view's."""

    state = traitlets.Dict().tag(sync=True)
    pixels = traitlets.Any(None, allow_none=True).tag(sync=True)


def live(view: View) -> Live:
    """Return the widget of a view, which answers its questions."""

    class Shown(Live):
        _esm = joined(view.name).replace("export default ", "const $view = ") + RENDER
        _css = scoped(static_files()["style.css"].body.decode())

    widget = Shown(state=dict(view.state), **view.given)
    widget.observe(lambda change: view.state.update(change["new"]), "state")
    widget.on_msg(lambda _, message, buffers: _answer(view, widget, message))
    return widget


def scoped(style: str) -> str:
    """Return the page's style for what stands within an element of the class ``convscope`` alone."""
    within = style.replace(":root", "&").replace("\nbody {", "\n& {").replace("\nhtml {", "\n& {")
    return f".convscope {{\n{within}\n}}\n"


def _answer(view: View, widget: Live, message: Any) -> None:
    if not isinstance(message, dict) or not {"number", "address"} <= message.keys():
        return
    try:
        answer = view.ask(str(message["address"]))
    except Error as error:
        widget.send({"number": message["number"], "error": str(error)})
    else:
        widget.send({"number": message["number"], "json": answer.kind == JSON}, [answer.body])
