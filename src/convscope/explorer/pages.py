"""The files of the page, read once at the start: no address that is asked for ever touches the file system."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}


@dataclass(frozen=True)
class File:
    """One file of the page: what is sent, its media type, and a checksum by which a browser knows that it has it."""

    body: bytes
    kind: str
    etag: str


@cache
def static_files() -> Mapping[str, File]:
    """Return the files of the page by their address below ``/static/``, such as ``views/field.js``."""
    found: dict[str, File] = {}
    folders = [("", files("convscope.explorer").joinpath("static"))]
    while folders:
        under, folder = folders.pop()
        for each in folder.iterdir():
            if each.is_dir():
                folders.append((f"{under}{each.name}/", each))
            elif (ending := each.name[each.name.rfind(".") :]) in KINDS:
                body = each.read_bytes()
                found[under + each.name] = File(body, KINDS[ending], f'"{hashlib.sha256(body).hexdigest()[:16]}"')
    return found


VIEW = re.compile(r'^  (\w+): \{ title: "([^"]+)", needs: "(\w+)"', re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """A view in the table of them: its title, and whether it ``needs`` nothing, a run, or an image of a run."""

    title: str
    needs: str


@cache
def views() -> Mapping[str, Entry]:
    """Return the page's table of views by the names of their files.

    >>> views()["maps"]
    Entry(title='Feature maps', needs='image')
    """
    table = static_files()["views.js"].body.decode()
    return {name: Entry(title, needs) for name, title, needs in VIEW.findall(table)}
