"""A decode that is stopped at any moment, politely or not, damages nothing: the next start decodes anew."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pictures import class_folders

from convscope.data.loading import load

SCRIPT = """
import os, sys
from convscope.data.ingest import pool
from convscope.data.loading import load

pool.CHUNK = 16

def stop(what, done, total):
    if what == "reading images" and done >= int(sys.argv[3]):
        os.kill(os.getpid(), int(sys.argv[4]))

load(sys.argv[1], cache=sys.argv[2], workers=2, progress=stop)
"""


@pytest.mark.parametrize("done", [1, 60, 120])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_decode_is_begun_anew(tmp_path: Path, done: int, how: signal.Signals) -> None:
    folder = class_folders(tmp_path / "set", each=60)
    expected = load(folder, cache=tmp_path / "undisturbed")
    cache = tmp_path / "cache"
    command = [sys.executable, "-c", SCRIPT, str(folder), str(cache), str(done), str(int(how))]
    stopped = subprocess.run(command, capture_output=True, text=True, check=False)
    assert stopped.returncode == -how
    left = {path.name[:5] for path in (cache / "sets").iterdir()}
    assert left == ({".new-"} if how == signal.SIGKILL else set())
    found = load(folder, cache=cache)
    assert found.fingerprint == expected.fingerprint
    assert (found.everything.images() == expected.everything.images()).all()
