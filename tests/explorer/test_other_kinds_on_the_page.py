"""Masks, volumes and signals in the list and one by one; files of one's own as predict reads them; a set is gone."""

from __future__ import annotations

import io
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from starlette.testclient import TestClient

import convscope as cs
from convscope.data.transforms import TextTransform
from convscope.data.transforms.dna import LETTERS
from convscope.explorer import questions
from convscope.explorer.answer import Answer
from convscope.explorer.app import application
from convscope.explorer.guard import Access
from convscope.explorer.own import OwnFile
from convscope.explorer.questions.images import _signal
from convscope.explorer.session import Session, session_of
from convscope.explorer.thumbnails import OUTSIDE, small_mask

PLAN: dict[str, Any] = {"baselines": False, "threads": 1, "quiet": True}
SET = {"width": 4, "levels": 2}


def squares(folder: Path, count: int, shape: tuple[int, ...], write: Callable[[Path, np.ndarray], None]) -> Path:
    """Write pictures with a bright square at random places, and its masks beside them."""
    rng = np.random.default_rng(0)
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
    for at in range(count):
        mask = np.zeros(shape, np.uint8)
        place = rng.integers(2, 12, len(shape))
        mask[tuple(slice(first, first + 8) for first in place)] = 1
        picture = rng.integers(0, 60, shape).astype(np.uint8) + 150 * mask
        write(folder / "images" / f"{at}.tif", picture)
        write(folder / "masks" / f"{at}.tif", mask)
    return folder


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Runs on masks, volumes and signals; of the first the set has been moved away since."""
    root = tmp_path_factory.mktemp("kinds")
    image = lambda path, values: Image.fromarray(values).save(path)  # noqa: E731
    folder = squares(root / "set", 20, (24, 40), image)
    cs.train(folder, "unet_mini", out=root / "masks", epochs=2, set=SET, **PLAN)
    stacks = squares(root / "stacks", 8, (16, 24, 24), tifffile.imwrite)
    volumes = {"stacks": "volumes", "set": {"width": 4}, "epochs": 1, "augment": "none"}
    cs.train(stacks, out=root / "volumes", **volumes, **PLAN)
    steps = np.arange(40)
    waves = [f"{k % 2} " + " ".join(f"{v:.4f}" for v in np.sin(steps / (2 + 2 * (k % 2)) + k)) for k in range(40)]
    (root / "wave_TRAIN.txt").write_text("\n".join(waves) + "\n")
    cs.train(root / "wave_TRAIN.txt", "conv1d", out=root / "signals", epochs=2, **PLAN)
    return session_of(root / name for name in ("masks", "volumes", "signals"))


def ask(session: Session, path: str, **options: object) -> Answer:
    return questions.ask(session, f"runs/{path}", {name: str(value) for name, value in options.items()})


def test_masks_lie_over_the_pictures_of_the_list(session: Session) -> None:
    plain = ask(session, "masks/images")
    assert plain.values["masks"] and plain.values["mistakes"] is None and not {"truth", "predicted"} & set(plain.arrays)
    answer = ask(session, "masks/images", masks="both", sort="stored")
    split = session.run("masks").held[1]
    assert answer.arrays["thumbnails"].shape[:3] == answer.arrays["predicted"].shape
    for at, mask in enumerate(answer.arrays["truth"]):
        assert np.array_equal(mask, small_mask(split[at].label))
    expected = session.run("masks").run.predict([split[0]])[0].arrays["classes"]
    assert np.array_equal(answer.arrays["predicted"][0], small_mask(expected))
    assert (answer.arrays["truth"][0, 0] == OUTSIDE).all()  # beside a picture that is no square
    figures = [row["figure"] for row in ask(session, "masks/images").values["rows"]]
    assert figures == sorted(figures) and figures[0] >= 0 and answer.values["figure"] == "Dice"
    with pytest.raises(cs.Error, match="expected truth or both"):
        ask(session, "masks/images", masks="odd")


def test_a_large_mask_is_reduced_where_its_picture_is() -> None:
    mask = np.zeros((300, 200), np.int64)
    mask[:150] = 3
    small = small_mask(mask)
    assert (small[:, 0] == OUTSIDE).all() and small.shape == (64, 64)
    assert np.unique(small[:32, 20:40]).tolist() == [3] and np.unique(small[32:, 20:40]).tolist() == [0]
    assert small_mask(np.array([[7, 0]]), ignore=7)[31, 0] == OUTSIDE


def test_a_volume_is_shown_slice_by_slice_with_its_masks(session: Session) -> None:
    listed = ask(session, "volumes/images", masks="truth")
    name, split, _ = session.run("volumes").held
    assert listed.arrays["thumbnails"].shape == (len(split), 64, 64, 3) == (*listed.arrays["truth"].shape, 3)
    middle = ask(session, f"volumes/images/{name}:0")
    assert (middle.values["slice"], middle.values["slices"]) == (8, 16)
    for at in (0, 5, 99):
        answer = ask(session, f"volumes/images/{name}:0", slice=at)
        assert np.array_equal(answer.arrays["truth"], split[0].label[min(at, 15)])
        assert answer.arrays["pixels"].shape == (24, 24, 3) == (*answer.arrays["classes"].shape, 3)
        assert answer.values["slice"] == min(at, 15)


def client(session: Session) -> TestClient:
    access = Access(80, "token")
    headers = {"host": "localhost:80", "x-convscope-token": "token"}
    return TestClient(application(session, access), base_url="http://localhost", headers=headers)


def put(session: Session, content: bytes, name: str, run: str) -> dict[str, str]:
    return client(session).put("/api/images", params={"name": name, "run": run}, content=content).json()


def wave() -> np.ndarray:
    return np.sin(np.arange(40) / 2)


def column() -> bytes:
    return "\n".join(f"{value:.6f}" for value in wave()).encode()


def npz() -> bytes:
    file = io.BytesIO()
    np.savez(file, x=wave()[None])
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "name"),
    [(column(), "own.csv"), (b"lead\n" + column(), "own.csv"), (column().replace(b"\n", b","), "../own row.csv"),
     (column().replace(b"\n", b" "), "own.txt"), (npz(), "own.npz")],
)  # fmt: skip
def test_a_signal_of_ones_own_is_answered_as_predict_answers_its_file(
    session: Session, tmp_path: Path, content: bytes, name: str
) -> None:
    file = tmp_path / Path(name).name
    file.write_bytes(content)
    (expected,) = session.run("signals").run.predict([file])
    kept = put(session, content, name, "signals")
    answer = ask(session, f"signals/images/{kept['image']}")
    assert answer.values["answer"]["probabilities"] == pytest.approx(expected.probabilities, abs=1e-6)
    assert answer.values["id"] == name
    assert np.allclose(answer.arrays["signal"][0], wave(), atol=1e-5)


@pytest.mark.parametrize(
    ("run", "content", "name", "message"),
    [
        ("signals", b"a,b\nx,y\n", "bad.csv", "bad.csv: row 2: a is no number"),
        ("signals", b"1 2 3\n4 5 6\n", "wide.txt", "expected a signal of (steps, 1 channel)"),
        ("signals", column().replace(b"\n", b" ") * 2, "long.txt", "40"),
        ("signals", b"\n".join([column().replace(b"\n", b",")] * 3), "three.csv", "three.csv holds 3 signals"),
        ("signals", b"\x89PNG", "digit.png", "digit.png: this network takes signals"),
        ("masks", b"no image at all", "odd.png", "odd.png: not an image"),
        ("mask", b"", "odd.png", "did you mean 'masks'"),
    ],
)
def test_a_file_of_ones_own_that_cannot_be_used_is_told_in_words(
    session: Session, run: str, content: bytes, name: str, message: str
) -> None:
    error = put(session, content, name, run)["error"]
    assert message in error and "/tmp" not in error


def test_a_file_is_asked_for_by_its_content_and_a_link_to_one_that_is_not_here_says_so(session: Session) -> None:
    handle = put(session, column(), "own.csv", "signals")["image"]
    other = session_of([session.run("signals").folder])
    with pytest.raises(cs.Error, match=r"stays on the machine where it was given.*drop the same file"):
        ask(other, f"signals/images/{handle}")
    assert other.keep(OwnFile(column(), "own.csv")) == handle
    assert ask(other, f"signals/images/{handle}").values["image"] == handle


def test_of_a_long_recording_the_extremes_are_drawn() -> None:
    recording = np.zeros((100_000, 2), np.float32)
    recording[70_001, 1] = 9
    arrays = _signal(recording)
    assert arrays["signal"].shape == (2, len(arrays["steps"])) and len(arrays["steps"]) <= 4000
    assert arrays["steps"][arrays["signal"][1] > 0].tolist() == [70_001]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("run", ["", "masks"])
def test_a_very_large_picture_is_the_pages_answer_and_no_warning_of_pillow(session: Session, run: str) -> None:
    file = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(file, "BMP")  # which Pillow reads, and warns of
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        error = put(session, file.getvalue(), "large.bmp", run)["error"]
    assert "144,000,000 pixels" in error and "67,108,864" in error and "--max-pixels" not in error
    assert not [each for each in told if "pixels" in str(each.message)]


def test_without_its_set_a_run_says_so_and_all_that_needs_no_example_is_answered(session: Session) -> None:
    folder = session.run("masks").folder
    (folder.parent / "set").rename(folder.parent / "elsewhere")
    try:
        alone = session_of([folder])
        for path in ("masks", "masks/history", "masks/field", "masks/whatif"):
            ask(alone, path)
        for path in ("masks/images", "masks/counts", "masks/embedding", "masks/images/test:0"):
            with pytest.raises(cs.Error, match="the set of this run cannot be read"):
                ask(alone, path)
        file = folder.parent / "elsewhere" / "images" / "0.tif"
        handle = put(alone, file.read_bytes(), "0.tif", "masks")["image"]
        assert ask(alone, f"masks/images/{handle}").arrays["classes"].shape == (24, 40)
    finally:
        (folder.parent / "elsewhere").rename(folder.parent / "set")
    assert ask(alone, "masks/images").values["examples"] > 0  # once it is back


def test_lists_over_very_many_examples_are_answered_at_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 5, 20_000)
    x = rng.integers(0, 120, (len(y), 8, 8)).astype(np.uint8) + (25 * y)[:, None, None].astype(np.uint8)
    np.savez(tmp_path / "many.npz", x_train=x[:500], y_train=y[:500], x_test=x[500:], y_test=y[500:])
    cs.train(tmp_path / "many.npz", "tiny", out=tmp_path / "many", epochs=1, **PLAN)
    session = session_of([tmp_path / "many"])
    name = session.run("many").held[1].dataset.classes[2]
    ask(session, "many/images")
    for options in ({"label": name}, {"only": "mistakes"}, {"from": 19_000, "sort": "stored"}, {"prediction": name}):
        begin = time.perf_counter()
        answer = ask(session, "many/images", **options)
        assert time.perf_counter() - begin < 0.1
        assert len(json.dumps(answer.values)) < 50_000


def test_images_that_are_given_back(tmp_path: Path):
    settings = {"task": "reconstruction", "set": {"width": 4}, "epochs": 2}
    run = cs.train("digits", "vae", out=tmp_path / "coded", **settings, **PLAN)
    session = session_of([run.folder])
    answered = questions.ask(session, "runs/coded/images/test:3", {})
    (prediction,) = run.predict([fourth_example(session)])
    told = prediction.arrays["reconstruction"][..., 0]
    assert answered.values["answer"]["mse"] == pytest.approx(prediction.mse)
    assert answered.values["truth"] is None and answered.arrays["reconstruction"].shape == (8, 8, 3)
    image = np.asarray(prediction.arrays["image"][..., 0], float) / 16
    np.testing.assert_allclose(answered.arrays["difference"], told - image, atol=1e-6)
    explained = questions.ask(session, "runs/coded/explain/test:3", {"method": "gradient", "at": "2,5"})
    assert explained.values["target"] == "the pixel at 2, 5"
    assert np.argwhere(explained.arrays["region"]).tolist() == [[2, 5]]
    points = questions.ask(session, "runs/coded/embedding", {})
    assert points.values["layer"] == "code" and points.values["size"] == 20 and len(points.values["groups"]) == 10
    columns = questions.ask(session, "runs/coded/history", {}).values["epochs"]["columns"]
    assert columns.index("valid_mse") < columns.index("valid_kl")  # the main figure is drawn


def fourth_example(session: Session) -> Any:
    """Return the fourth example of the one run that is open."""
    (opened,) = session.runs.values()
    return opened.held[1][3]


def test_a_row_that_is_no_signal_of_the_run_is_told_by_its_true_length(session: Session) -> None:
    run = session.run("signals").run
    row = lambda count: OwnFile(",".join(f"{at}.5" for at in range(count)).encode(), "row.csv")  # noqa: E731
    with pytest.raises(cs.DataError, match=r"has 30 steps; this network takes signals of 40$"):
        row(30).read(run)
    with pytest.raises(cs.DataError, match=r"has 49 steps.*the first of the 50 numbers in its row was taken for its"):
        row(50).read(run)
    assert len(row(40).read(run)) == 40 and row(40).note(run) == ""
    image = session.keep(row(41))
    assert ask(session, f"signals/images/{image}").values["notes"] == [
        "The first of the 41 numbers in its row was taken for its class."
    ]


def test_numbers_dropped_on_a_run_on_dna_are_refused_at_once() -> None:
    run: Any = SimpleNamespace(spec=SimpleNamespace(preprocessing=TextTransform(LETTERS, "upper", dna=True, length=4)))
    with pytest.raises(cs.DataError, match=r"own\.csv has '1' at letter 1, which is none of DNA's"):
        OwnFile(b"1,2\n3,4\n", "own.csv").read(run)
    assert OwnFile(b"ACGT", "own.txt").read(run) == "ACGT"
