"""A file is there whole, old or new, whatever happens while it is written."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from convscope import atomic


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_bytes(b"old")
    return path


def names(folder: Path) -> list[str]:
    return sorted(at.name for at in folder.iterdir())


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("call", ["fsync", "rename", "write"])
def test_what_cannot_be_written_leaves_the_old_file_and_nothing_else(
    file: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    def pieces() -> tuple[bytes, ...]:
        if call == "write":
            fail()
        return (b"new",)

    if call == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    if call == "rename":
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match=os.strerror(number)), atomic.replacing(file) as new:
        new.write(b"n")
        new.writelines(pieces())
    monkeypatch.undo()
    assert file.read_bytes() == b"old" and names(file.parent) == ["page.html"]


def test_an_interrupt_leaves_nothing_either(file: Path) -> None:
    with pytest.raises(KeyboardInterrupt), atomic.replacing(file) as new:
        new.write(b"half")
        raise KeyboardInterrupt
    assert file.read_bytes() == b"old" and names(file.parent) == ["page.html"]


def test_two_writers_at_once_are_not_mixed(file: Path) -> None:
    with atomic.replacing(file) as slow:
        slow.write(b"slow ")
        atomic.write(file, b"quick")
        assert file.read_bytes() == b"quick"
        slow.write(b"writer")
    assert file.read_bytes() == b"slow writer" and names(file.parent) == ["page.html"]


def test_what_a_killed_writer_left_is_written_over(file: Path) -> None:
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom convscope import atomic\n"
        "with atomic.replacing(Path(sys.argv[1])) as file:\n"
        "    file.write(b'half a page, longer than what follows'); file.flush(); os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, file], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert file.read_bytes() == b"old" and names(file.parent) == ["page.html", "page.html.new"]
    atomic.write(file, b"new")
    assert file.read_bytes() == b"new" and names(file.parent) == ["page.html"]


def test_of_several_files_none_is_replaced_before_all_are_written(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = file.with_name("numbers.csv")
    real = atomic._sync

    def full(stream) -> None:
        if Path(stream.name).name == "numbers.csv.new":
            raise OSError(errno.ENOSPC, "No space left on device")
        real(stream)

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
        patch.setattr(atomic, "_sync", full)
        atomic.write_together({file: b"new", other: b"1,2"})
    assert file.read_bytes() == b"old" and names(file.parent) == ["page.html"]
    atomic.write_together({file: b"new", other: b"1,2"})
    assert (file.read_bytes(), other.read_bytes()) == (b"new", b"1,2")


def test_a_file_is_as_readable_as_any_other(file: Path) -> None:
    before = os.umask(0o022)
    try:
        atomic.write(file.with_name("fresh"), b"x")
    finally:
        os.umask(before)
    assert file.with_name("fresh").stat().st_mode & 0o777 == 0o644
