"""A run on the digits, and the page over it as a process of its own, as a user starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

import convscope as cs


@dataclass(frozen=True)
class Told:
    """What was answered."""

    status: int
    headers: Message
    body: bytes


@dataclass(frozen=True)
class Page:
    """A page that is served: where, by whose token, and over which run."""

    port: int
    token: str
    run: Path
    process: subprocess.Popen[str]

    @property
    def link(self) -> str:
        return f"http://127.0.0.1:{self.port}/#/?token={self.token}"

    def ask(self, path: str, *, method: str = "GET", body: Any = None, **headers: str | None) -> Told:
        """Return the answer; headers are as given (None: left out), by default those of the page itself."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        given = {"host": f"127.0.0.1:{self.port}", "x-convscope-token": self.token}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}  # pyright: ignore
        if body is not None and "content-length" not in given and "transfer-encoding" not in given:
            given["content-length"] = str(len(body))
        for name, value in given.items():
            if value is not None:
                connection.putheader(name, value)
        try:
            connection.endheaders()
            if body is not None:
                connection.send(body)
            answer = connection.getresponse()
            return Told(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def json(self, path: str) -> Any:
        """Return the plain values of a question's answer."""
        answer = self.ask(f"/api/{path}")
        body = answer.body
        assert answer.status == 200, body
        if answer.headers["content-type"].startswith("application/json"):
            return json.loads(body)
        length = int.from_bytes(body[:8], "little")
        return json.loads(json.loads(body[8 : 8 + length])["__metadata__"]["json"])


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "digits run"
    cs.train("digits", "tiny", epochs=3, baselines=False, out=folder)
    return folder


def start(*arguments: object) -> tuple[subprocess.Popen[str], str]:
    """Start the page and return its process and the link that it prints."""
    words = [sys.executable, "-m", "convscope", "explore", *map(str, arguments), "--no-open"]
    environment = {**os.environ, "COLUMNS": "300", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("open: "), line + (process.stderr.read() if process.stderr else "")
    return process, line.split()[1]


@pytest.fixture(scope="session")
def page(run: Path) -> Iterator[Page]:
    process, link = start(run, "--port", 0)
    port, token = link.removeprefix("http://127.0.0.1:").split("/#/?token=")
    yield Page(int(port), token, run, process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
