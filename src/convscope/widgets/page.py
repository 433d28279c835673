"""A view as a page of its own: one file that asks nobody for anything, and works in whatever shows HTML."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from typing import Any

from convscope.explorer.pages import static_files, views
from convscope.widgets.join import joined

HEIGHT = 760  # pixels of a view in a notebook, where the browser cannot tell


def page(view: str, given: Mapping[str, Any]) -> str:
    """Return a view as HTML; ``given`` is its state, the answers that lie in it, and whatever else the view takes."""
    values = json.dumps(given, ensure_ascii=False).replace("</", "<\\/")
    script = joined(view, "host").replace("export default ", "const $host = ")
    script += f"$host(document.getElementById('view'), {values});\n"
    style = static_files()["style.css"].body.decode()
    rules = "default-src 'none'; base-uri 'none'; img-src data: blob:; "
    rules += f"script-src {_hash(script)}; style-src {_hash(style)}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{rules}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(views()[view].title)} · convscope</title><style>{style}</style></head>\n"
        f'<body><main id="view"></main><script type="module">{script}</script></body></html>\n'
    )


def framed(page: str, height: int = HEIGHT) -> str:
    """Return a page as a frame that stands in another one, such as a notebook's."""
    return (
        f'<iframe srcdoc="{html.escape(page)}" sandbox="allow-scripts allow-downloads" title="convscope" '
        f'style="width:100%;height:{height}px;border:0"></iframe>'
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
