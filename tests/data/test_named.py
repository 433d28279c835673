"""Sets by name: looked for on this machine, else fetched and checked."""

from __future__ import annotations

import gzip
import hashlib
import struct
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pictures import class_folders

from convscope.data import load, named
from convscope.data.named import File, Public, catalogue, fetch
from convscope.errors import DataError, Error
from real_data import ROOT, real_data

PIXELS = bytes(range(240)) * 2  # 40 images of 3 × 4
CONTENT = {
    "train-images-idx3-ubyte.gz": struct.pack(">4I", 2051, 40, 3, 4) + PIXELS,
    "train-labels-idx1-ubyte.gz": struct.pack(">2I", 2049, 40) + bytes([0, 1] * 20),
    "t10k-images-idx3-ubyte.gz": struct.pack(">4I", 2051, 4, 3, 4) + PIXELS[:48],
    "t10k-labels-idx1-ubyte.gz": struct.pack(">2I", 2049, 4) + bytes([0, 1, 1, 0]),
}


@pytest.fixture
def server(monkeypatch) -> Iterator[dict[str, bytes]]:
    """Serve what is in the returned dictionary as the files of the set ``tiny``."""
    served = {name: gzip.compress(data) for name, data in CONTENT.items()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = served.get(self.path.lstrip("/"))
            self.send_response(404 if data is None else 200)
            self.send_header("Content-Length", str(len(data or b"") + served.get("longer", 0)))  # pyright: ignore
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        base = f"http://127.0.0.1:{running.server_port}"
        files = tuple(File(f"{base}/{name}", hashlib.md5(data).hexdigest()) for name, data in CONTENT.items())
        monkeypatch.setitem(named.PUBLIC, "tiny", Public("for tests", 44, 2, files))
        yield served
        running.shutdown()
        thread.join()


def test_fetch_then_find(server, own_cache):
    said = []
    data = load("tiny", progress=lambda *step: said.append(step))
    assert data.name == "tiny"
    assert data.test is not None and len(data.test) == 4
    assert not any(notice.code == "not-the-original" for notice in data.warnings)
    assert said[0][0] == "fetching train-images-idx3-ubyte.gz"
    assert said[0][1] == said[0][2]
    server.clear()
    assert load("tiny").fingerprint == data.fingerprint
    assert sorted(path.name for path in (own_cache / "downloads" / "tiny").iterdir()) == sorted(CONTENT)


def test_an_interrupted_fetch_keeps_what_is_complete(server, tmp_path):
    kept = server.pop("t10k-images-idx3-ubyte.gz")
    with pytest.raises(DataError) as caught:
        fetch("tiny", tmp_path)
    url = named.PUBLIC["tiny"].files[2].url
    assert str(caught.value) == (
        f"tiny could not be fetched from {url} (HTTP Error 404: Not Found); get {url} in another way, put it into a "
        "folder tiny/, and name the folder above it with --data-root or CONVSCOPE_DATA"
    )
    assert len(list((tmp_path / "tiny").iterdir())) == 2
    server["t10k-images-idx3-ubyte.gz"] = kept
    del server["train-images-idx3-ubyte.gz"]
    fetch("tiny", tmp_path)
    assert len(list((tmp_path / "tiny").iterdir())) == 4


def test_other_content_than_published(server, tmp_path):
    server["train-images-idx3-ubyte.gz"] = gzip.compress(b"something else")
    with pytest.raises(DataError, match=r"sent other content than published: expected md5 .*, found 6c7ba9c5"):
        fetch("tiny", tmp_path)
    assert list((tmp_path / "tiny").iterdir()) == []


def test_an_error_page_instead_of_a_file(server, tmp_path):
    server["train-images-idx3-ubyte.gz"] = b"<html>come back later</html>"
    with pytest.raises(DataError, match=r"found no gzip file \(Not a gzipped file"):
        fetch("tiny", tmp_path)


def test_a_half_fetched_set_is_completed(server, own_cache):
    kept = server.pop("t10k-labels-idx1-ubyte.gz")
    with pytest.raises(DataError, match="404"):
        load("tiny")
    server["t10k-labels-idx1-ubyte.gz"] = kept
    assert load("tiny").classes == ("0", "1")


def test_a_connection_that_breaks_off(server, tmp_path):
    server["longer"] = 10  # type: ignore[assignment]
    with pytest.raises(DataError, match="could not be fetched from"):
        fetch("tiny", tmp_path)
    assert list((tmp_path / "tiny").iterdir()) == []


def test_no_server(tmp_path, monkeypatch):
    files = (File("http://127.0.0.1:9/x.gz", "0"),)
    monkeypatch.setitem(named.PUBLIC, "far", Public("away", 1, 2, files))
    with pytest.raises(DataError, match=r"far could not be fetched from http://127\.0\.0\.1:9/x\.gz \("):
        load("far")
    with pytest.raises(DataError, match="no public set is called 'mnits'; did you mean 'mnist'"):
        fetch("mnits", tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(Error, match=r"file/far cannot be written \(Not a directory\); name another folder"):
        fetch("far", tmp_path / "file")


@pytest.mark.parametrize("how", ["option", "variable"])
@pytest.mark.parametrize("packed", [True, False])
def test_a_set_below_the_data_root(server, tmp_path, monkeypatch, how, packed):
    for name, data in CONTENT.items():
        path = tmp_path / "tiny" / (name if packed else name.removesuffix(".gz"))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(data) if packed else data)
    server.clear()
    if how == "variable":
        monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path))
    data = load("tiny", data_root=tmp_path if how == "option" else None)
    assert len(data.train) + len(data.valid) == 40
    assert not any(notice.code == "not-the-original" for notice in data.warnings)


def test_a_copy_that_is_not_the_original(server, tmp_path):
    folder = fetch("tiny", tmp_path)
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(struct.pack(">2I", 2049, 4) + bytes(4)))
    data = load("tiny", data_root=tmp_path)
    (said,) = [notice.text for notice in data.warnings if notice.code == "not-the-original"]
    assert said.startswith(f"{folder} is not the published tiny (t10k-labels-idx1-ubyte.gz: md5 ")
    assert said.endswith("): figures are not comparable with published ones")


def test_the_catalogue(tmp_path, own_cache):
    (tmp_path / "fashion_mnist").mkdir()
    (tmp_path / "fashion_mnist" / "x").write_text("")
    rows = {row.name: row for row in catalogue(tmp_path, own_cache)}
    assert list(rows) == [
        "digits",
        "angles",
        "squares",
        "discs",
        "tracks",
        "nuclei",
        "steps",
        "motions",
        "mnist",
        "fashion-mnist",
        "cifar10",
    ]
    assert rows["digits"].where == "built in"
    assert rows["fashion-mnist"].where == str(tmp_path / "fashion_mnist")
    assert rows["mnist"].where == ""
    assert (rows["mnist"].images, rows["mnist"].classes) == (70_000, 10)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_real_sets_are_the_originals(name, own_cache):
    real_data(name.replace("-", "_"))
    listing = named.find(name, ROOT, own_cache, seed=0)
    assert listing.name == name
    assert not listing.notices


def test_an_archive_in_place_of_the_original(server, tmp_path, own_cache):
    class_folders(tmp_path / "pets", each=2)
    (tmp_path / "tiny").mkdir()
    path = tmp_path / "tiny" / "copy.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(tmp_path / "pets", "pets")
    (tmp_path / "tiny" / "more.npz").write_bytes(b"")
    listing = named.find("tiny", tmp_path, own_cache, seed=0)
    assert listing.kind == f"class folders below pets/ in {tmp_path}/tiny"
    assert [(notice.code, notice.text) for notice in listing.notices] == [
        (
            "not-the-original",
            f"{path} is not the published tiny (expected {', '.join(CONTENT)}): "
            "figures are not comparable with published ones",
        )
    ]
