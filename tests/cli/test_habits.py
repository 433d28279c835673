"""Words of other tools, and numbers that are none: refused with what to write here, code 2, no traceback."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from cli.command import call, says
from convscope.cli.app import app
from convscope.cli.habits import FLAGS, VERBS
from convscope.terminal import screen


@pytest.mark.parametrize(
    ("line", "here"),
    [
        ("val runs/x", 'Unknown command "val". Here it is: convscope evaluate RUN'),
        ("fit digits", "Here it is: convscope train DATA"),
        ("export runs/x", "convscope.open_run(RUN).model"),
        ("trian digits", 'Did you mean "train"?'),
        ("data mnist", "convscope data check mnist"),
        ("train data=digits epochs=3", "two dashes here: convscope train digits --epochs 3"),
        ("classify train data=digits imgsz=64", "convscope train digits --img-size 64"),
        ("train data=nothing", "there is no 'data=nothing' in"),
        ("train data=nothing", "two dashes here: convscope train nothing"),
        ("train digits lr0=0.1 amp=True compile=False", "convscope train digits --lr 0.1 --amp --no-compile"),
        ("mode=val model=best.pt data=photos", "convscope evaluate RUN photos"),
        ("predict model=best.pt source=a.jpg", "convscope predict RUN a.jpg"),
        ("train digits --lr0 0.1", "Unknown option: --lr0. Here it is --lr"),
        ("train digits --learning_rate=0.1", "Unknown option: --learning_rate. Here it is --lr"),
        ("train digits --bs 4", "Here it is --batch-size"),
        ("train digits --imgsz 64", "Here it is --img-size"),
        ("train digits --img 64", "Here it is --img-size"),
        ("train digits --num-epochs 3", "Here it is --epochs"),
        ("train digits --max_epochs 3", "Here it is --epochs"),
        ("train digits --weights best.pt", "Here it is --pretrained"),
        ("train digits --project runs --name a", "Here it is --out"),
        ("train digits --gpus 1", "Here it is --device"),
        ("train digits --num-workers 2", "Here it is --workers"),
        ("train digits -epochs 3", "Here it is --epochs"),
        ("train digits --num-classes 10", "what is learned is read from DATA; leave it out"),
        ("train --data-dir photos", "DATA stands without one: convscope train DATA"),
        ("train digits --epohcs 3", "Did you mean --epochs?"),
        ("train digits --zzz", "convscope train --help lists those there are"),
        ("evaluate run --batch 4", "That is for other commands"),
        ("evaluate run --augment", "Here it is --tta"),
        ("train digits more", "too many words: more"),
        ("train digits --amp True", "an option that is on or off takes none"),
        ("train digits --epochs 2.7", "'2.7': write a whole number"),
        ("train digits --epochs 1_0", "'1_0': write a whole number"),
        ("train digits --epochs 1e2", "'1e2': write a whole number"),
        ("train digits --batch-size true", "'true': write a whole number"),
        ("train digits --lr 0_1", "'0_1': write a number"),
        ("train digits --lr nan", "nan"),
        ("train digits --lr -0.1", "setting 'lr' must be above 0"),
        ("train digits --epochs -3", "setting 'epochs' must be at least 1"),
        ("train digits --amp=perhaps", "perhaps"),
    ],
)
def test_a_word_of_another_tool_is_answered_with_the_one_here(
    line: str, here: str, capsys: pytest.CaptureFixture[str]
) -> None:
    says(capsys, here, *shlex.split(line))


def test_what_belongs_to_an_option_or_is_a_file_is_no_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a=b").mkdir()
    assert call("train", "a=b", "--set", "width=8") == 2
    assert "dashes" not in capsys.readouterr().err


def test_the_tables_name_what_there_is() -> None:
    parsed = app["train"].assemble_argument_collection()
    options = {name for argument in parsed for name in argument.names}
    elsewhere = {"--tta"}
    assert {ours for several in FLAGS.values() for ours in several} <= options | elsewhere
    assert not {f"--{name}" for name in FLAGS} & options - {"--augment", "--freeze"}
    for answer in VERBS.values():
        if answer.startswith("convscope "):
            assert answer.split()[1].startswith("--") or answer.split()[1] in app


def test_an_error_is_folded_between_words_in_a_window_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(screen.err, "_width", 60)
    assert call("models", "resnt") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) > 3 and all(len(line) <= 60 for line in lines)
    assert "did you mean 'resnet'?" in lines[0] and {"resnet18,", "vgg_mini,"} <= set(" ".join(lines).split())
    monkeypatch.delenv("COLUMNS")  # as where the output is a file
    assert call("models", "resnt") == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
