"""The page as a server on this machine: its files, its questions, and what is shown of errors."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from threading import Thread

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from convscope.errors import ConfigError, Error
from convscope.explorer import questions
from convscope.explorer.answer import Answer
from convscope.explorer.guard import Access, Guard
from convscope.explorer.own import OwnFile, check_picture
from convscope.explorer.pages import File, static_files
from convscope.explorer.session import Session
from convscope.explorer.token import token

PORT = 8471  # tried first, so that a link stays the same from day to day
LOOPBACK = "127.0.0.1"
TEXT = "text/plain"


@dataclass(frozen=True)
class Address:
    """Where the page is served: a listening ``socket``, and who may ask."""

    socket: socket.socket
    access: Access

    def link(self, state: str = "/") -> str:
        """Return the link to open; the token stands in its fragment, which browsers send to nobody."""
        return f"http://{LOOPBACK}:{self.access.port}/#{state}?token={self.access.token}"


def listen(port: int | None = None, host: str = LOOPBACK, names: tuple[str, ...] = ()) -> Address:
    """Listen on a port, by default the usual one or, where that is taken, any free one.

    Raises ``ConfigError`` for a port that is asked for and taken, or is none.
    """
    if port is not None and not 0 <= port <= 65535:
        raise ConfigError(f"--port: expected a number from 0 (any free one) to 65535, found {port}")
    for wanted in (port,) if port is not None else (PORT, 0):
        listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, wanted))
            listening.listen(64)
        except OSError as error:
            listening.close()
            if port is not None:
                raise ConfigError(
                    f"--port {port}: {error.strerror}; leave --port out, and any free port is taken"
                ) from None
            continue
        return Address(listening, Access(listening.getsockname()[1], token(), names))
    raise ConfigError(f"no port is free on {host}")


def application(session: Session, access: Access) -> Guard:
    """Return the page over a session as an ASGI application."""
    static = static_files()
    routes = [
        Route("/", partial(_file, static["index.html"])),
        *(Route(f"/static/{name}", partial(_file, file)) for name, file in static.items()),
        Route("/api/images", partial(_keep, session), methods=["PUT"]),
        Route("/api/{question:path}", partial(_ask, session)),
    ]
    return Guard(Starlette(routes=routes), access)


def serve(session: Session, address: Address, opened: Callable[[], None]) -> None:
    """Answer until the process is interrupted; ``opened`` is called once the page can be asked for."""

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            opened()
            Thread(target=session.warm, daemon=True).start()

    config = uvicorn.Config(
        application(session, address.access), log_level="warning", access_log=False, lifespan="off", ws="none",
        server_header=False, date_header=False, proxy_headers=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
    Server(config).run(sockets=[address.socket])


async def _file(file: File, request: Request) -> Response:
    headers = {"etag": file.etag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    return Response(file.body, headers=headers, media_type=file.kind)


async def _ask(session: Session, request: Request) -> Response:
    path, options = request.path_params["question"], dict(request.query_params)
    return await run_in_threadpool(_answered, lambda: questions.ask(session, path, options))


async def _keep(session: Session, request: Request) -> Response:
    content, options = await request.body(), dict(request.query_params)
    is_text = request.headers.get("content-type", "").partition(";")[0] == TEXT
    return await run_in_threadpool(_answered, lambda: _kept(session, content, options, is_text=is_text))


def _kept(session: Session, content: bytes, options: Mapping[str, str], *, is_text: bool) -> Answer:
    """Keep what was dropped, called ``name``, once the ``run`` that it is meant for can read it.

    Without a run it is a text, or a picture, of which the header alone is looked at.
    """
    file = OwnFile(content, options.get("name", ""))
    if run := options.get("run"):
        with session.lock:
            file.read(session.run(run).run)
    elif is_text:
        file.text  # noqa: B018 - raises where it is none
    else:
        check_picture(content)
    return Answer({"image": session.keep(file)})


def _answered(question: Callable[[], Answer]) -> Response:
    """Return the answer, or what is wrong with the question in words."""
    try:
        answer = question()
        return Response(answer.body, media_type=answer.kind)
    except Error as error:
        return JSONResponse({"error": str(error)}, 422)
    except Exception as error:  # a fault of ours: the page says so, the server goes on
        reason = f"{type(error).__name__}: {error}"
        return JSONResponse({"error": f"this could not be answered ({reason})"}, 500)
