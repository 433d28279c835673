"""One file over the network: complete and checked, or not at all."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO

from convscope import atomic
from convscope.errors import DataError

Progress = Callable[[str, int, int], None]
STEP = 1 << 20  # bytes


def download(
    url: str, path: Path, check: Callable[[Path], str], *, what: str, by_hand: str, progress: Progress | None = None
) -> None:
    """Bring the file at ``url`` to ``path``.

    ``check`` looks at the file before it appears there, and says what is wrong, or nothing; ``what`` names in an error
    what could not be fetched, and ``by_hand`` how else to get it.

    Raises:
        DataError: no connection, one that was cut, or a file with something wrong.
        OSError: the folder of ``path`` cannot be written.
    """
    with atomic.replacing(path) as out:
        try:
            _copy(url, out, progress)
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            raise DataError(f"{what} could not be fetched from {url} ({error}); {by_hand}") from None
        out.flush()
        if wrong := check(Path(out.name)):
            raise DataError(f"{url} sent other content than published: {wrong}; {by_hand}")


def _copy(url: str, out: IO[bytes], progress: Progress | None) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": "convscope"})
    with urllib.request.urlopen(request, timeout=30) as response:
        total = int(response.headers.get("Content-Length") or 0)
        done = 0
        while data := response.read(STEP):
            out.write(data)
            done += len(data)
            if progress:
                progress(f"fetching {url.rpartition('/')[2]}", done, max(total, done))
    if done < total:
        raise ConnectionError(f"the connection ended after {done:,} of {total:,} bytes")
