"""Who may ask: a browser on this machine that was shown the link, and no other page in it.

A page of a stranger can make a browser ask loopback addresses, also under a name of its own that it lets point there
(DNS rebinding): then address and origin look right, and only the Host header tells. Other users of the machine reach
loopback ports too: so every question needs a token, which stands in the link's fragment and is sent as a header, which
no form and no image of a foreign page can set.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_HEADER = "x-convscope-token"
MOST_BYTES = 32 * 2**20  # of a request's body
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
}


@dataclass(frozen=True)
class Access:
    """The ``port`` that is listened on, the ``token`` of every question, and further names of this machine."""

    port: int
    token: str
    names: tuple[str, ...] = ()

    @property
    def hosts(self) -> frozenset[str]:
        """What may stand in the Host header."""
        return frozenset(f"{name}:{self.port}" for name in ("127.0.0.1", "localhost", *self.names))

    @property
    def origins(self) -> frozenset[str]:
        """What may stand in the Origin header."""
        return frozenset(f"http://{host}" for host in self.hosts)


class Guard:
    """An ASGI application in front of another: refuses strangers, large bodies, and all but GET, HEAD and PUT."""

    def __init__(self, app: ASGIApp, access: Access):
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":
            return None
        is_question = scope["path"].startswith("/api/")
        guarded = _with_headers(send, no_store=is_question)
        if refusal := self._refusal(scope, is_question):
            status, why = refusal
            return await PlainTextResponse(f"{why}\n", status)(scope, receive, guarded)
        try:
            return await self.app(scope, _limited(receive), guarded)
        except TooLargeError:
            return await PlainTextResponse(f"{TOO_LARGE}\n", 413)(scope, receive, guarded)

    def _refusal(self, scope: Scope, is_question: bool) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if headers.getlist("host") != [host := headers.get("host", "")] or host not in self.access.hosts:
            return 421, f"this page is served as {_listed(self.access.hosts)} only"
        if (origin := headers.get("origin")) is not None and origin not in self.access.origins:
            return 403, "questions of other pages are not answered"
        if scope["method"] not in ("GET", "HEAD", "PUT"):
            return 405, "only GET, HEAD and PUT are answered"
        if is_question and not secrets.compare_digest(
            headers.get(TOKEN_HEADER, "").encode(), self.access.token.encode()
        ):
            return 401, "the token is missing or of another start: open the link that convscope explore printed"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            return 413, TOO_LARGE
        return None


class TooLargeError(Exception):
    """A body goes on beyond the limit, whatever its length was said to be."""


TOO_LARGE = f"at most {MOST_BYTES // 2**20} MB can be sent at once"


def _limited(receive: Receive) -> Receive:
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MOST_BYTES:
            raise TooLargeError
        return message

    return limited


def _with_headers(send: Send, *, no_store: bool) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            if no_store:
                headers["cache-control"] = "no-store"
        await send(message)

    return guarded


def _listed(hosts: Iterable[str]) -> str:
    return " or ".join(sorted(hosts))
