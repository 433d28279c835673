"""What the page is answered: the same numbers as in Python, and errors in words."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import convscope as cs
from convscope.explorer import questions
from convscope.explorer.answer import Answer
from convscope.explorer.session import Session, session_of
from explorer.conftest import Page

RUN = "runs/digits%20run"


@pytest.fixture(scope="module")
def session(page: Page) -> Session:
    return session_of([page.run])


def ask(session: Session, path: str, **options: object) -> Answer:
    return questions.ask(session, f"runs/digits run/{path}", {name: str(value) for name, value in options.items()})


def test_a_number_is_that_of_trace_to_the_last_digit(page: Page, session: Session) -> None:
    opened = session.run("digits run")
    name, split, _ = opened.held
    convolution = next(node.name for node in opened.inspection.graph.nodes if node.op == "correlate")
    expected = cs.trace(opened.run, split[3], convolution, (1, 2, 3))
    told = page.json(f"{RUN}/trace/{name}:3?node={convolution}&at=1,2,3&top=4096")
    assert (told["total"], told["value"], told["bias"]) == (expected.total, expected.value, expected.bias)
    assert sorted(each["product"] for each in told["terms"]) == sorted(each.product for each in expected.terms)
    assert told["way"]["node"] == expected.follow().node


def test_the_way_leads_down_to_a_pixel(session: Session) -> None:
    name, split, _ = session.run("digits run").held
    told = ask(session, f"trace/{name}:0").values
    for _ in range(40):
        if told["way"] is None:
            break
        told = ask(
            session, f"trace/{name}:0", node=told["way"]["node"], at=",".join(map(str, told["way"]["at"]))
        ).values
    assert told["node"] == "pixel"
    assert told["value"] == split[0].image[told["at"][1], told["at"][2], told["at"][0]]


def test_examples_come_most_wrong_first_with_thumbnails(session: Session) -> None:
    opened = session.run("digits run")
    answer = ask(session, "images", n=400)
    rows = answer.values["rows"]
    wrong = [row for row in rows if not row["right"]]
    assert rows[: len(wrong)] == wrong
    assert len(wrong) == answer.values["mistakes"]
    assert [float(row["probability"]) for row in wrong] == sorted(
        (float(r["probability"]) for r in wrong), reverse=True
    )
    assert answer.arrays["thumbnails"].shape == (min(200, len(opened.held[1])), 64, 64, 3)
    only = ask(session, "images", n=200, only="mistakes").values
    assert only["count"] == len(wrong)


def test_maps_are_those_of_pytorch(session: Session) -> None:
    opened = session.run("digits run")
    name, split, _ = opened.held
    node = next(node.name for node in opened.inspection.graph.nodes if node.op == "correlate")
    exact = ask(session, f"maps/{name}:5", node=node, exact=1).arrays["maps"]
    rounded = ask(session, f"maps/{name}:5", node=node)
    low, high = rounded.arrays["ranges"][:, 0, None, None], rounded.arrays["ranges"][:, 1, None, None]
    np.testing.assert_allclose(low + rounded.arrays["maps"] / 255 * (high - low), exact, atol=(high - low).max() / 500)
    traced = cs.trace(opened.run, split[5], node, (0, 1, 1))
    assert exact[0, 1, 1] == np.float32(traced.value)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("runs/digit%20run", "did you mean 'digits run'"),
        (f"{RUN}/trace/test:0?node=conv99", "conv99"),
        (f"{RUN}/trace/test:0?node=0&at=1,x", "whole numbers"),
        (f"{RUN}/trace/test:99999", "there are test:0 to test:"),
        (f"{RUN}/images/own:123", "drop the same file on the page again"),
        (f"{RUN}/images?n=many", "expected a whole number"),
        (f"{RUN}/images?sort=odd", "expected worst or stored"),
        ("nothing", "nothing is answered"),
    ],
)
def test_what_cannot_be_answered_is_said_in_words(page: Page, path: str, message: str) -> None:
    answer = page.ask(f"/api/{path}")
    assert answer.status == 422
    assert message in answer.body.decode()


def test_an_image_of_ones_own_is_answered_as_predict_does(page: Page, tmp_path_factory: pytest.TempPathFactory) -> None:
    from PIL import Image

    file = tmp_path_factory.mktemp("own") / "digit.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 16, (8, 8), dtype=np.uint8)).save(file)
    kept = page.ask("/api/images", method="PUT", body=file.read_bytes())
    assert kept.status == 200
    handle = kept.body.decode().split('"image":"')[1].split('"')[0]
    (expected,) = cs.open_run(page.run).predict([file])
    assert page.json(f"{RUN}/images/{handle}")["answer"]["label"] == expected.label


def test_many_questions_at_once_are_all_answered(page: Page) -> None:
    paths = [f"{RUN}/images/test:{at}" for at in range(12)]
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(page.json, paths))
    assert [each["image"] for each in told] == [f"test:{at}" for at in range(12)]


def test_kept_forwards_stay_below_their_limit(page: Page) -> None:
    session = session_of([page.run])
    opened = session.run("digits run")
    session.forward(opened, "test:0")
    one = next(iter(session._forwards.values()))[1]
    session.most_bytes = 3 * one + 1
    for at in range(10):
        session.forward(opened, f"test:{at}")
    assert list(session._forwards) == [("digits run", f"test:{at}") for at in (7, 8, 9)]


def test_a_map_is_that_of_explain_and_a_check_is_remembered(session: Session) -> None:
    opened = session.run("digits run")
    name, split, _ = opened.held
    (expected,) = cs.explain(opened.run, [split[2]], "ig")
    answer = ask(session, f"explain/{name}:2", method="ig")
    assert np.array_equal(answer.arrays["map"], expected["ig"].values)
    assert answer.arrays["pixels"].shape == (8, 8, 3)
    assert (answer.values["verdict"], answer.values["gap"]) == ("", expected["ig"].gap)
    checked = ask(session, f"explain/{name}:2", method="ig", checks=1)
    assert checked.values["verdict"]
    assert ask(session, f"explain/{name}:3", method="ig").values["verdict"] == checked.values["verdict"]


@pytest.fixture
def growing(run: Path, tmp_path: Path) -> Path:
    """A run that has only begun."""
    folder = tmp_path / "growing"
    folder.mkdir()
    (folder / "config.toml").write_bytes((run / "config.toml").read_bytes())
    return folder


def history(session: Session, last: Answer | None = None) -> Answer:
    read = {name: last.values[name]["read"] for name in ("epochs", "steps")} if last else {}
    return questions.ask(session, "runs/growing/history", read)


def test_only_the_end_of_a_growing_history_is_read(growing: Path) -> None:
    session = session_of([growing])
    assert (history(session).arrays, history(session).values["begun"]) == ({}, False)
    steps, epochs = growing / "steps.csv", growing / "epochs.csv"
    epochs.write_text("epoch,valid_loss\n1,0.5\n")
    steps.write_text("step,loss\n1,2.5\n2,2.25\n3,1.")
    first = history(session)
    assert (first.arrays["steps/loss"].tolist(), first.arrays["epochs/epoch"].tolist()) == ([2.5, 2.25], [1])
    steps.write_text("step,loss\n1,2.5\n2,2.25\n3,1.5\n")
    second = history(session, first)
    assert (second.arrays["steps/loss"].tolist(), second.arrays["epochs/epoch"].tolist()) == ([1.5], [])
    assert [second.values[name]["rows"] for name in ("epochs", "steps")] == [0, 1]
    with pytest.raises(cs.Error, match="has not finished an epoch"):
        questions.ask(session, "runs/growing/images", {})


@pytest.mark.parametrize(
    "text", ["step,loss\n1,9\n", "step,loss\n1,2.5\n2,2.125\n3,1.5\n4,1\n", "step,loss,lr\n1,9,1\n", ""]
)
def test_a_history_that_was_rewritten_is_told_from_its_beginning(growing: Path, text: str) -> None:
    session = session_of([growing])
    steps = growing / "steps.csv"
    steps.write_text("step,loss\n1,2.5\n2,2.25\n3,1.5\n")
    first = history(session)
    steps.write_text(text)  # shorter, or with other numbers above, as a resumed training leaves it
    again = history(session, first)
    assert again.values["steps"]["anew"]
    assert again.values["steps"]["rows"] == max(0, text.count("\n") - 1)
    assert history(session, again).values["steps"] == {**again.values["steps"], "anew": False, "rows": 0}


@pytest.mark.parametrize("place", ["-1", "x-y", "999999999999999999999999-0", "12-zz", "0-0"])
def test_an_odd_place_is_the_beginning(growing: Path, place: str) -> None:
    (growing / "steps.csv").write_text("step,loss\n1,2.5\n")
    answer = questions.ask(session_of([growing]), "runs/growing/history", {"steps": place})
    assert answer.arrays["steps/loss"].tolist() == [2.5]


def test_of_a_long_history_the_extremes_are_told_and_a_look_at_it_costs_little(growing: Path) -> None:
    rng = np.random.default_rng(0)
    loss, rate = rng.random(100_000), np.linspace(1, 0, 100_000)
    loss[[123, 77_777]], rate[50_001] = (-1, 2), 3
    lines = [f"{at + 1},{value:.7g},{lr:.7g}" for at, (value, lr) in enumerate(zip(loss, rate, strict=True))]
    for name in ("steps.csv", "epochs.csv"):
        (growing / name).write_text("\n".join(["step,loss,lr", *lines, ""]))
    session = session_of([growing])
    first = history(session)
    told = {name: values.tolist() for name, values in first.arrays.items()}
    assert len(told["steps/step"]) <= 4000 and first.values["steps"]["rows"] == 100_000
    assert (min(told["epochs/loss"]), max(told["epochs/loss"]), max(told["steps/lr"])) == (-1, 2, 3)
    assert (told["steps/step"][0], told["steps/step"][-1]) == (1, 100_000)
    begin = time.perf_counter()
    for _ in range(20):
        assert history(session, first).values["steps"]["rows"] == 0
    assert (time.perf_counter() - begin) / 20 < 0.02  # of 10 MB of text each


def test_the_cells_of_the_confusion_matrix_hold_the_examples_that_they_count(session: Session) -> None:
    answer = ask(session, "counts")
    confusion, names = answer.arrays["confusion"], answer.values["names"]
    held = answer.values["splits"][answer.values["split"]]
    assert (held["count"], held["classes"]) == (confusion.sum(), confusion.sum(1).tolist())
    row, column = np.argwhere(confusion * (1 - np.eye(len(names), dtype=int)))[0]
    listed = ask(session, "images", label=names[row], prediction=names[column]).values
    assert listed["count"] == confusion[row, column]
    alone = [ask(session, "images", **{name: names[row]}).values["count"] for name in ("label", "prediction")]
    assert alone == [confusion[row].sum(), confusion[:, row].sum()]
    mistakes = ask(session, "images", label=names[row], only="mistakes").values["count"]
    assert mistakes == confusion[row].sum() - confusion[row, row]
    assert ask(session, "images", label="no such class").values["count"] == 0
    assert {(each["label"], each["prediction"]) for each in listed["rows"]} == {(names[row], names[column])}


def test_examples_of_a_class_have_features_that_are_alike(session: Session) -> None:
    answer = ask(session, "embedding", n=40)
    values, nearest = answer.values, answer.arrays["nearest"]
    assert answer.arrays["points"].shape == (len(values["images"]), 2)
    group = np.array(values["group"])
    assert (group[nearest[:, 0]] == group).mean() > 0.5  # of ten classes
    assert np.all(np.diff(answer.arrays["cosine"], axis=1) <= 0)
    with pytest.raises(cs.Error, match="looks up no tokens"):
        ask(session, "embedding", of="tokens")


def test_letters_of_a_table_are_told_by_their_kind_and_texts_by_themselves(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = ["".join(rng.choice(list("aeiou lmnst"), 6)) + ("a" if k % 2 else "o") for k in range(60)]
    lines = [f"{name.strip()},{'f' if k % 2 else 'm'}" for k, name in enumerate(names)]
    (tmp_path / "names.csv").write_text("\n".join(["text,label", *lines]) + "\n")
    cs.train(tmp_path / "names.csv", "text_cnn", epochs=1, baselines=False, quiet=True, out=tmp_path / "names")
    session = session_of([tmp_path / "names"])
    tokens = questions.ask(session, "runs/names/embedding", {"of": "tokens"}).values
    kind = dict(zip(tokens["names"], (tokens["groups"][group] for group in tokens["group"]), strict=True))
    assert {kind["a"], kind["e"]} == {"vowels"} and kind["t"] == "other letters" and kind["space"] == "marks"
    assert kind["padding"] == "padding, unknown"
    examples = questions.ask(session, "runs/names/embedding", {}).values
    assert set(examples["names"]) <= {line.rpartition(",")[0] for line in lines}
    assert sorted(examples["groups"]) == ["f", "m"]
