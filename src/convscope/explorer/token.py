"""The token of the page's links: the same from start to start, so that an open page finds its server again.

It lies in the user's cache, readable by nobody else; where it cannot be kept there, every start has another one.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from pathlib import Path

from convscope.data.cache_folder import directory

NAME = "page_token"
FORM = re.compile(r"[0-9a-f]{32}")


def token(folder: Path | None = None) -> str:
    """Return 32 hexadecimal digits: those that are kept in a folder, by default the cache, else new ones, kept there.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     token(Path(folder)) == token(Path(folder)), len(token(Path(folder)))
    (True, 32)
    """
    file = (folder or directory()) / NAME
    if (kept := _kept(file)) is not None:
        return kept
    fresh = secrets.token_hex(16)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(fresh)
    except OSError:  # it is only not kept
        pass
    return fresh


def _kept(file: Path) -> str | None:
    """Return what is kept, ``None`` where there is nothing, or what others may have read or written."""
    try:
        with os.fdopen(os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))) as opened:
            facts = os.fstat(opened.fileno())
            text = opened.read(64)
    except (OSError, ValueError):
        return None
    foreign = os.name == "posix" and (facts.st_uid != os.getuid() or stat.S_IMODE(facts.st_mode) & 0o077)
    return None if foreign or FORM.fullmatch(text) is None else text
