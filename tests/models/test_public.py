"""Fetching published weights, from a server on this machine: whole and checked, or not at all."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from convscope.errors import ConfigError, DataError, Error
from convscope.models import create, public
from convscope.models.fitting import load_into
from convscope.models.weights import read_weights


class Server:
    def __init__(self) -> None:
        self.content = b""
        self.promised: int | None = None
        self.asked = 0


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """Serve the weights of a ``tiny`` as if they were public; what is sent can be spoiled."""
    torch.save(create("tiny", classes=10, channels=1).state_dict(), tmp_path / "sent.pth")
    state = Server()
    state.content = (tmp_path / "sent.pth").read_bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked += 1
            self.send_response(200)
            self.send_header("Content-Length", str(state.promised or len(state.content)))
            self.end_headers()
            self.wfile.write(state.content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{http.server_port}/tiny.pth"
        published = public.Public(url, hashlib.sha256(state.content).hexdigest()[:8], (1.0,), (2.0,), 16)
        monkeypatch.setitem(public.PUBLIC, "tiny", published)
        yield state
        http.shutdown()
        thread.join()


def test_fetched_once_and_loaded(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    weights = read_weights("public", "tiny", cache=tmp_path, progress=lambda *told: seen.append(told))
    assert load_into(create("tiny", classes=10, channels=1), weights, head_is_new=False) == ()
    assert (weights.mean, weights.std, weights.side, weights.notes) == ((1.0,), (2.0,), 16, ())
    assert weights.source == str(tmp_path / "weights" / "tiny.pth")
    assert seen[-1] == ("fetching tiny.pth", len(server.content), len(server.content))
    read_weights("public", "tiny", cache=tmp_path)
    assert server.asked == 1
    (tmp_path / "weights" / "tiny.pth").write_bytes(b"spoiled since")
    read_weights("public", "tiny", cache=tmp_path)
    assert server.asked == 2


def test_another_file_than_published(server: Server, tmp_path: Path) -> None:
    server.content = b"a login page"
    with pytest.raises(
        DataError, match=r"sent other content than published: expected a SHA-256 that begins .*; get it"
    ):
        read_weights("public", "tiny", cache=tmp_path)
    assert list((tmp_path / "weights").iterdir()) == []


def test_a_connection_that_is_cut(server: Server, tmp_path: Path) -> None:
    server.promised = len(server.content) + 100
    with pytest.raises(
        DataError, match=r"weights of tiny could not be fetched from http.*\(.*\); get it in another way"
    ):
        read_weights("public", "tiny", cache=tmp_path)
    assert list((tmp_path / "weights").iterdir()) == []


def test_no_connection(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(public.PUBLIC, "tiny", public.Public("http://127.0.0.1:9/tiny.pth", "0" * 8))
    with pytest.raises(DataError) as caught:
        read_weights("public", "tiny", cache=tmp_path)
    told = str(caught.value)
    place = tmp_path / "weights" / "tiny.pth"
    assert told.startswith("weights of tiny could not be fetched from http://127.0.0.1:9/tiny.pth (")
    assert told.endswith(
        f"get it in another way and put it there: {place} (its SHA-256 begins 00000000), or name the file with "
        "--pretrained FILE"
    )


def test_a_file_put_there_by_hand_is_taken(server: Server, tmp_path: Path) -> None:
    place = tmp_path / "weights" / "tiny.pth"
    place.parent.mkdir()
    place.write_bytes(server.content)
    assert read_weights("public", "tiny", cache=tmp_path).source == str(place) and server.asked == 0


def test_no_public_weights(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"no public weights are known of 'lenet'; name a file with --pretrained FILE"
    ):
        read_weights("public", "lenet")
    (tmp_path / "file").write_text("")
    with pytest.raises(Error, match=r"file/weights cannot be written .*; name another folder with --cache DIR"):
        read_weights("public", "resnet18", cache=tmp_path / "file")
