"""The files of the page, read once at the start: no address that is asked for ever touches the file system."""

from __future__ import annotations

import hashlib
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
