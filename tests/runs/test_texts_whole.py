"""A run on texts answers what is typed, scores other tables, resumes to the same bytes, and no padding moves it."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import convscope as cs
from cli.command import call, says
from convscope.models import create
from convscope.models.registry import giving

SETTINGS: dict[str, Any] = {
    "model": "text_cnn", "epochs": 6, "batch_size": 16, "lr": 0.02, "augment": "none", "quiet": True,
    "baseline_seconds": 0.5,
}  # fmt: skip
VOWELS = "AEIOU"


def words(n: int, seed: int = 0) -> list[tuple[str, str]]:
    """Return words of 1 to 12 letters, and whether they end in a vowel."""
    rng = np.random.default_rng(seed)
    made = ["".join(rng.choice(list("AEIOUBCDFGLMNRST "), rng.integers(0, 12))) + rng.choice(list("AEIOLNRS"))
            for _ in range(n)]  # fmt: skip
    return [(word.strip(), "vowel" if word[-1] in VOWELS else "consonant") for word in made]


def written(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("\n".join(["word,label", *(",".join(row) for row in rows)]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("texts")


@pytest.fixture(scope="module")
def run(folder: Path) -> cs.Run:
    return cs.train(written(folder / "words.csv", words(400)), out=folder / "run", **SETTINGS)


class StopAt(cs.Listener):
    def __init__(self, step: int):
        self.left = step

    def step(self, *_: object) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def test_it_learns_and_answers_what_is_typed(run: cs.Run):
    assert run.metrics["accuracy"]["value"] > 0.95
    answers = run.predict(["MARIA", "maria", "CARMEN", "los_elena"])
    assert [a.answer["label"] for a in answers] == ["vowel", "vowel", "consonant", "vowel"]
    assert answers[0].answer == answers[1].answer
    assert answers[0].note == "" and "not in the training texts: X" in run.predict("MAX")[0].note
    alone = run.predict("MARIA")[0].answer["probability"]
    assert alone == pytest.approx(answers[0].answer["probability"], abs=1e-6)
    assert [a.answer for a in run.predict([np.array([77, 65]), "MA"])] == [run.predict(["MA", "MA"])[0].answer] * 2
    assert "is empty" in str(run.predict([""])[0].error)


def test_answers_of_a_split_are_those_of_its_texts(run: cs.Run, folder: Path):
    data = cs.load(folder / "words.csv")
    assert data.test is not None
    stated = run.predictions(data.test)
    each = run.predict(data.test)
    assert [a.answer["probabilities"]["vowel"] for a in each] == pytest.approx(stated[:, 1].tolist(), abs=1e-6)


def test_an_interrupted_training_ends_in_the_same_bytes(run: cs.Run, folder: Path):
    with pytest.raises(KeyboardInterrupt):
        cs.train(folder / "words.csv", out=folder / "cut", listener=StopAt(100), **SETTINGS)
    resumed = cs.resume(folder / "cut", quiet=True)
    weights = [(each.folder / "model.safetensors").read_bytes() for each in (run, resumed)]
    assert weights[0] == weights[1]


def test_another_table_is_scored(run: cs.Run, folder: Path):
    rows = words(200, seed=1)
    scored = run.evaluate(written(folder / "others.csv", rows))
    right = [a.answer["label"] == label for a, (_, label) in zip(run.predict([w for w, _ in rows]), rows, strict=True)]
    assert scored["examples"] == 200 and scored["accuracy"]["value"] == pytest.approx(np.mean(right))
    small = written(folder / "small.csv", [(word.lower(), label) for word, label in rows])
    assert run.evaluate(small)["accuracy"]["value"] == scored["accuracy"]["value"]
    strange = written(folder / "strange.csv", [("MAX", "consonant"), *rows])
    assert any("characters that no training text has ('X')" in text for text in run.evaluate(strange)["warnings"])


def test_the_command_line_takes_texts_and_files_of_them(run: cs.Run, folder: Path, capsys: pytest.CaptureFixture[str]):
    assert call("predict", run.folder, "maria", "./a b/c") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["input"] for row in rows] == ["maria", "./a b/c"]
    (folder / "list.txt").write_text("maria\n\ncarmen\n", encoding="utf-8")
    assert call("predict", run.folder, "--from", folder / "list.txt") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["input"], row["label"]) for row in rows] == [("maria", "vowel"), ("carmen", "consonant")]
    says(capsys, "there is no file", "predict", run.folder, "--from", folder / "none.txt")
    (folder / "latin.txt").write_bytes("maría\n".encode("latin-1"))
    says(capsys, "line 1, as Latin-1 'maría'", "predict", run.folder, "--from", folder / "latin.txt")
    (folder / "new.fa").write_text(">a\nmar\nia\n>b\ncarmen\n", encoding="utf-8")
    assert call("predict", run.folder, "--from", folder / "new.fa") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["input"] for row in rows] == ["maria", "carmen"]


def test_a_file_that_is_read_as_a_text_is_told(run: cs.Run, folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "mine.txt").write_text("maria\n", encoding="utf-8")
    assert call("predict", run.folder, "maria", folder / "mine.txt") == 0
    shown = capsys.readouterr().err
    assert "read as a text, though a file is called so" in " ".join(shown.split())
    says(capsys, "'': is empty", "predict", run.folder, "")


@pytest.mark.parametrize("name", giving(None, axes=1, tokens=True))
def test_no_padding_changes_an_answer(name: str):
    torch.manual_seed(0)
    net = create(name, classes=3, vocabulary=17, size=(None,)).eval()  # pyright: ignore[reportArgumentType]
    texts = [torch.randint(1, 17, (length,)) for length in (1, 2, 5, 17)]
    with torch.no_grad():
        alone = [net(text[None])[0] for text in texts]
        batch = torch.nn.utils.rnn.pad_sequence(texts, batch_first=True)
        for pads in (0, 1, 2, 3, 7, 18, 19, 50, 100):
            answers = net(torch.nn.functional.pad(batch, (0, pads)))
            for answer, wanted in zip(answers, alone, strict=True):
                torch.testing.assert_close(answer, wanted, atol=1e-6, rtol=0)


def test_it_is_inspected_verified_and_traced(run: cs.Run, capsys: pytest.CaptureFixture[str]):
    inspection = cs.inspect(run)
    longest = run.spec.preprocessing.longest  # pyright: ignore[reportAttributeAccessIssue]
    assert inspection.graph.inputs[0].shape == (1, longest) and inspection.totals.parameters > 1000
    assert call("inspect", run.folder, "--verify", "--text", "maria") == 0
    assert capsys.readouterr().out.count("agree") == 2
    traced = cs.trace(run, "MARIA")
    answer = run.predict("MARIA")[0]
    assert traced.forward.classes[traced.at[0]] == answer.answer["label"]
    logits = traced.forward.values[traced.node][0]
    assert np.exp(traced.total) / np.exp(logits).sum() == pytest.approx(answer.answer["probability"], abs=1e-5)
    assert call("trace", run.folder, "MARIA", "--follow", "1") == 0
    with pytest.raises(cs.DataError, match="is empty"):
        cs.trace(run, "")


def test_a_text_is_no_path(run: cs.Run, capsys: pytest.CaptureFixture[str]):
    says(capsys, "'' is empty", "trace", run.folder, "")
    says(capsys, "'' is empty", "inspect", run.folder, "--text", "", "--verify")
    assert call("inspect", run.folder, "--text", "a//b", "--verify") == 0
    assert "a//b" in capsys.readouterr().out


def test_a_number_says_which_letters_it_sees(run: cs.Run, capsys: pytest.CaptureFixture[str]):
    traced = cs.trace(run, "maria")
    assert traced.forward.letters == (*"MARIA",)
    conv = next(node.name for node in traced.forward.graph.nodes if node.op == "correlate")
    kernel = 4
    for at in range(len("MARIA") + kernel - 1):
        assert call("trace", run.folder, "maria", "--node", conv, "--at", f"0,{at}") == 0
        told = capsys.readouterr().out.splitlines()[1]
        seen = "MARIA"[max(0, at - kernel + 1) : at + 1]
        assert told.endswith(f"of 5: “{seen}”"), told
    says(capsys, "takes texts, and which characters are which tokens only a run knows", "trace", "text_cnn", "maria")


def test_it_is_answered_as_it_is_typed(run: cs.Run, capsys: pytest.CaptureFixture[str]):
    assert call("predict", run.folder, "maria", "li", "--typed") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["input"] for row in rows] == ["m", "ma", "mar", "mari", "maria", "l", "li"]
    for row in rows:
        stated = run.predict(row["input"])[0].answer["probability"]
        assert float(row["probability"]) == pytest.approx(stated, abs=1e-5)
    drawn = {path.stem for path in (run.folder / "figures").glob("*.svg")}
    assert {"letters", "typed", "examples", "lengths", "embeddings"} <= drawn and "traces" not in drawn


def test_a_network_of_the_list_is_inspected_at_any_length():
    assert cs.inspect("gru", (9,)).graph.inputs[0].shape == (1, 9)
    assert cs.inspect("conv_dna").graph.inputs[0].shape == (1, 60)
    with pytest.raises(cs.ConfigError, match="takes texts: its input shape is their length"):
        cs.inspect("text_cnn", (3, 9))


def test_its_report_shows_texts(run: cs.Run):
    page = (run.folder / "report.html").read_text()
    assert "Kernels as runs of characters" in page and 'id="figure-lengths"' in page
    assert "n-gram logistic regression" in page and "text length" in page
    wrong = run.metrics["accuracy"]["value"] < 1
    assert not wrong or 'class="text"' in page


def test_its_report_speaks_of_no_images(run: cs.Run):
    page = (run.folder / "report.html").read_text()
    text = re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(script|style)\b.*?</\1>", "", page))
    assert re.findall(r"\bimages?\b", text.replace("scikit-image", "")) == []


def test_its_answers_are_timed(run: cs.Run):
    assert call("bench", "infer", run.folder) == 0
