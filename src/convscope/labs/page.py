"""A filled notebook as one page that opens offline: text, code, and what each cell has shown."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

import convscope
from convscope import report
from convscope.labs.script import PARTS, Lab

_STYLE = Path(report.__file__).parent / "assets" / "report.css"
_MORE = """
main { max-width: 52rem; }
h1 { margin: 2.5rem 0 0; color: var(--ink); font-size: 2rem; }
h3 { margin-top: 2rem; }
h2 { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--faint); }
pre { margin: .6rem 0; padding: .7rem .9rem; overflow-x: auto; font: 13px/1.5 ui-monospace, Consolas, monospace; }
pre.code { background: var(--wash); border-left: 3px solid var(--blue); }
pre.out { border-left: 3px solid var(--faint); color: var(--ink); }
pre.error { border-left: 3px solid var(--orange); background: var(--alert); }
code { font: .92em ui-monospace, Menlo, Consolas, monospace; }
.shown { overflow-x: auto; margin: .6rem 0; }
.shown img { max-width: 100%; height: auto; background: #fffffe; }
"""
_PART = re.compile(rf"<h2>({'|'.join(PARTS)})</h2>")
_TERMINAL = re.compile(r"\x1b\[[0-9;]*m")  # colours of a traceback


def page(lab: Lab, outputs: list[list[dict[str, Any]]]) -> str:
    """Return the page of a lab; ``outputs`` are those of each cell."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    body = []
    for cell, shown in zip(lab.cells, outputs, strict=True):
        if cell.kind == "markdown":
            body.append(_PART.sub(_linked, markdown.render(cell.source)))
            continue
        body.append(f'<pre class="code"><code>{escape(cell.source)}</code></pre>')
        body.extend(_output(output) for output in shown)
    links = "".join(f'<a href="#{part.lower()}">{part}</a>' for part in PARTS)
    style = _STYLE.read_text("utf-8") + _MORE
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(lab.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<p class="kicker">Lab · after {escape(lab.source)} · convscope {convscope.__version__}</p>\n'
        f'<nav aria-label="Parts">{links}</nav>\n<main>\n{"".join(body)}</main>\n</body>\n</html>\n'
    )


def _linked(heading: re.Match[str]) -> str:
    return f'<h2 id="{heading[1].lower()}">{heading[1]}</h2>'


def _output(output: dict[str, Any]) -> str:
    """Return one output of a cell: its picture, else its HTML, else its text."""
    kind = output["output_type"]
    if kind == "stream":
        return f'<pre class="out">{escape(_joined(output["text"]))}</pre>'
    if kind == "error":
        said = _TERMINAL.sub("", "\n".join(output["traceback"]))
        return f'<pre class="error">{escape(said)}</pre>'
    data = output["data"]
    words = escape(_joined(data.get("text/plain", "")))
    if "image/png" in data:
        source = _joined(data["image/png"]).replace("\n", "")
        return f'<div class="shown"><img alt="{words}" src="data:image/png;base64,{source}"></div>'
    for form in ("image/svg+xml", "text/html"):
        if form in data:
            return f'<div class="shown">{_joined(data[form])}</div>'
    return f'<pre class="out">{words}</pre>'


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)
