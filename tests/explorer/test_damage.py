"""What is wrong with a run is said in the terminal before its page is opened."""

from __future__ import annotations

import shutil
from pathlib import Path

from convscope.explorer.damage import damage
from explorer.conftest import run as run


def test_damaged_files_of_a_run_are_named(run: Path, tmp_path: Path) -> None:
    assert damage(run) == []
    folder = shutil.copytree(run, tmp_path / "damaged")
    weights = folder / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-7])
    (folder / "metrics.json").write_text("{")
    cut, figures = damage(folder)
    assert f"has {len(content) - 7:,} bytes instead of {len(content):,}" in cut and "metrics.json is damaged" in figures
    weights.write_bytes(b"nothing")
    assert "does not begin" in damage(folder)[0]
    weights.unlink()
    (folder / "config.toml").write_text(f'data = "{tmp_path / "nowhere"}"')
    gone, missing, _ = damage(folder)
    assert "nowhere is gone" in gone and "it has no model.safetensors" in missing
    (folder / "config.toml").write_text("= 3")
    assert "config.toml cannot be read" in damage(folder)[0]
