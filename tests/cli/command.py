"""Calls of the command line, as tests make them."""

from __future__ import annotations

import pytest

from convscope.cli.app import main


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(a) for a in arguments])
    code = ended.value.code
    assert isinstance(code, int)
    return code


def says(capsys: pytest.CaptureFixture[str], message: str, *arguments: object, code: int = 2) -> None:
    assert call(*arguments) == code
    printed = capsys.readouterr()
    assert message in " ".join(printed.err.split())
    assert "Traceback" not in printed.err
