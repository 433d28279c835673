from __future__ import annotations

from pathlib import Path

import pytest
import torch

from convscope.errors import CheckpointError, Error
from convscope.training import checkpoint
from convscope.training.checkpoint import State, read_state, write_state


def some(epoch: int) -> State:
    return State(epoch, 7, {"model.w": torch.full((3,), float(epoch))}, {"best": {"epoch": epoch}})


def test_a_state_comes_back_whole(tmp_path: Path) -> None:
    write_state(tmp_path / "last", some(1))
    write_state(tmp_path / "last", some(2))
    back = read_state(tmp_path / "last")
    assert (back.epoch, back.step, back.facts) == (2, 7, {"best": {"epoch": 2}})
    assert torch.equal(back.tensors["model.w"], torch.full((3,), 2.0))
    assert [p.name for p in tmp_path.iterdir()] == ["last"]


def test_the_file_is_what_the_library_reads(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    kinds = (
        torch.float64,
        torch.float32,
        torch.float16,
        torch.bfloat16,
        torch.int64,
        torch.int32,
        torch.uint8,
        torch.bool,
    )
    tensors = {str(kind): torch.arange(3).to(kind) for kind in kinds}
    tensors |= {"number": torch.tensor(1.5), "nothing": torch.empty(0, 5), "block": torch.arange(24.0).view(2, 3, 4)}
    write_state(tmp_path / "last", State(0, 0, tensors))
    found = load_file(tmp_path / "last" / checkpoint.TENSORS)
    assert found.keys() == tensors.keys()
    for name, value in tensors.items():
        assert found[name].dtype == value.dtype and torch.equal(found[name], value)


@pytest.mark.parametrize("fails_at", [1, 2])
def test_a_full_disk_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int) -> None:
    write_state(tmp_path / "last", some(1))
    calls = 0
    original = checkpoint.write_synced

    def full(path: Path, *pieces: bytes) -> None:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            path.write_bytes(pieces[0][: len(pieces[0]) // 2])
            raise OSError(28, "No space left on device")
        original(path, *pieces)

    monkeypatch.setattr(checkpoint, "write_synced", full)
    with pytest.raises(
        Error, match=r"the disk is full: .*last needs [\d,]+ bytes, [\d,]+ are free; what was saved before is"
    ):
        write_state(tmp_path / "last", some(2))
    assert read_state(tmp_path / "last").epoch == 1
    assert [p.name for p in tmp_path.iterdir()] == ["last"]


def test_killed_between_the_renames_the_one_before_is_read(tmp_path: Path) -> None:
    write_state(tmp_path / "last", some(1))
    (tmp_path / "last").rename(tmp_path / "last.old")
    assert read_state(tmp_path / "last").epoch == 1


def test_damage_is_found(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no saved state"):
        read_state(tmp_path / "last")
    write_state(tmp_path / "last", some(1))
    file = tmp_path / "last" / checkpoint.TENSORS
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(
        CheckpointError, match=r"state.safetensors is damaged: its checksum differs from the one in state.json"
    ):
        read_state(tmp_path / "last")
    write_state(tmp_path / "last", some(1))
    facts = tmp_path / "last" / checkpoint.FACTS
    facts.write_text(facts.read_text().replace('"step": 7', '"step": 8'))
    with pytest.raises(CheckpointError, match="is damaged"):
        read_state(tmp_path / "last")
    (tmp_path / "last" / checkpoint.FACTS).write_text("{")
    with pytest.raises(CheckpointError, match="cannot read the saved state"):
        read_state(tmp_path / "last")


def test_a_state_of_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "FORMAT", 99)
    write_state(tmp_path / "last", some(1))
    monkeypatch.undo()
    with pytest.raises(CheckpointError, match="of another version of convscope"):
        read_state(tmp_path / "last")
