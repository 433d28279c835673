"""Who is answered: the page itself, with the token of its link; and nobody else, whatever they send."""

from __future__ import annotations

import signal
import socket
import struct
import zlib
from pathlib import Path

import pytest

from cli.command import says
from convscope.explorer.guard import MOST_BYTES
from convscope.explorer.token import NAME, token
from explorer.conftest import Page, start


def test_the_page_is_answered_without_a_token_and_may_run_no_code_but_its_own(page: Page) -> None:
    answer = page.ask("/", x_convscope_token=None)
    assert answer.status == 200
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert b"<script" in answer.body


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-convscope-token": None}, 401),
        ({"x-convscope-token": "0" * 32}, 401),
        ({"x-convscope-token": "ü"}, 401),
        ({"host": "evil.example"}, 421),  # a name of a stranger that points here
        ({"host": None}, 400),
        ({"host": "127.0.0.1"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_strangers_are_refused(page: Page, headers: dict[str, str | None], status: int) -> None:
    answer = page.ask("/api/runs", **headers)  # pyright: ignore[reportArgumentType]
    assert answer.status == status
    assert b"digits" not in answer.body


def test_a_stranger_is_refused_the_page_too(page: Page) -> None:
    assert page.ask("/", host="evil.example").status == 421


def test_its_own_origin_and_localhost_are_answered(page: Page) -> None:
    host = f"localhost:{page.port}"
    assert page.ask("/api/runs", host=host, origin=f"http://{host}").status == 200


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(page: Page, method: str) -> None:
    assert page.ask("/api/runs", method=method).status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static//etc/passwd",
        "/static/views/../../app.py",
        "/static/C:%5cwindows%5cwin.ini",
        "/api/runs/..%2f..%2f..%2fetc%2fpasswd",
        "/api/runs/%2fetc",
        "/api/../static/main.js",
        "/app.py",
    ],
)
def test_no_address_leads_to_a_file(page: Page, path: str) -> None:
    answer = page.ask(path)
    assert answer.status in (404, 422)
    assert b"import" not in answer.body and b"root:" not in answer.body


def test_a_large_body_is_refused_before_it_is_sent(page: Page) -> None:
    answer = page.ask("/api/images", method="PUT", body=b"", content_length=str(100 * 2**20))
    assert answer.status == 413


def test_a_large_body_of_unsaid_length_is_refused(page: Page) -> None:
    chunk = b"100000\r\n" + bytes(2**20) + b"\r\n"
    connection = socket.create_connection(("127.0.0.1", page.port), timeout=60)
    head = f"PUT /api/images HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nX-Convscope-Token: {page.token}\r\n"
    connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
    try:
        for _ in range(2 * MOST_BYTES // 2**20):
            connection.sendall(chunk)
    except OSError:  # it has hung up on us
        pass
    else:
        assert b" 413 " in connection.recv(200).split(b"\r\n")[0] + b" "
    connection.close()
    assert page.ask("/api/runs").status == 200


def test_a_small_file_of_very_many_pixels_is_refused(page: Page) -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    answer = page.ask("/api/images", method="PUT", body=bomb)
    assert answer.status == 422
    assert "pixels" in answer.body.decode()


def test_what_is_no_image_is_refused_in_words(page: Page) -> None:
    answer = page.ask("/api/images", method="PUT", body=b"no image at all")
    assert answer.status == 422
    assert b"error" in answer.body


def test_only_this_machine_is_listened_to(page: Page) -> None:
    sockets = Path(f"/proc/{page.process.pid}/net/tcp").read_text("ascii").splitlines()
    mine = [line.split()[1] for line in sockets if f":{page.port:04X} " in line and line.split()[3] == "0A"]
    assert mine == [f"0100007F:{page.port:04X}"]


def test_a_port_in_use_is_said_with_what_to_do(page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    says(capsys, "leave --port out", "explore", "--port", page.port, "--no-open")


def test_opening_to_other_machines_must_be_meant(capsys: pytest.CaptureFixture[str]) -> None:
    says(capsys, "--allow-host NAME", "explore", "--host", "0.0.0.0", "--no-open")


def test_ctrl_c_ends_it_without_a_traceback() -> None:
    process, link = start("--port", 0)
    assert link.startswith("http://127.0.0.1:")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert "Traceback" not in err


def test_a_token_that_others_could_read_is_not_used_again(tmp_path: Path) -> None:
    first = token(tmp_path)
    file = tmp_path / NAME
    assert file.stat().st_mode & 0o077 == 0
    file.chmod(0o644)
    second = token(tmp_path)
    assert second != first and token(tmp_path) == second
    file.write_text("guessed")
    assert token(tmp_path) != "guessed"


def test_without_a_place_to_keep_it_every_start_has_a_token_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert token(tmp_path / "file") != token(tmp_path / "file")


def test_a_port_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    says(capsys, "from 0 (any free one) to 65535", "explore", "--port", 99999, "--no-open")
