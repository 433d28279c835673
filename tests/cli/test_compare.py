"""Several networks at once: trained on one split, gone on with where stopped, and compared honestly."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import convscope as cs
from cli.command import call, says
from convscope.api import results, series, series_folder
from convscope.errors import Error
from convscope.terminal import screen

ARGUMENTS = ("digits", "--model", "tiny,lenet,mlp", "--seeds", "2", "--epochs", "1", "--no-baselines")
RUNS = {"tiny-seed0", "tiny-seed1", "mlp-seed0", "mlp-seed1"}


@pytest.fixture(scope="module", autouse=True)
def no_figures() -> Iterator[None]:
    """Leave the runs' own reports out, which take longer than these trainings and are tested for themselves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "write_report", lambda contents, folder: (folder / "report.html").touch())
        yield


@pytest.fixture(scope="module")
def made(no_figures: None, tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """Return a series in which lenet, too deep for 8×8, has failed."""
    folder = tmp_path_factory.mktemp("series") / "digits"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONVSCOPE_CACHE", str(cache))
        assert call("train", *ARGUMENTS, "--out", folder) == 1
    return folder


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "series")


def weights(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name / "model.safetensors").read_bytes() for name in RUNS}


def test_a_series_is_ordinary_runs_on_one_split_and_their_comparison(made: Path) -> None:
    assert {at.name for at in made.iterdir()} == RUNS | {
        "series.toml", "comparison.html", "comparison.csv", "comparison.json", "figures",
    }  # fmt: skip
    assert all((made / name / "report.html").exists() for name in RUNS)
    assert len({(made / name / "split.csv").read_bytes() for name in RUNS}) == 1
    assert len(set(weights(made).values())) == 4  # but seeds do differ
    assert {at.stem for at in (made / "figures").iterdir()} == {"networks", "tradeoff"}  # one epoch, two networks
    page = (made / "comparison.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org", "") and "<script" not in page


def test_a_run_of_a_series_is_repeated_by_its_own_config(made: Path, tmp_path: Path) -> None:
    config = made / "tiny-seed1" / "config.toml"
    assert call("train", "--config", config, "--out", tmp_path / "again") == 0
    assert (tmp_path / "again" / "model.safetensors").read_bytes() == weights(made)["tiny-seed1"]


def test_one_failing_network_does_not_keep_the_others(
    made: Path, copied: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen.err, "_file", None)
    monkeypatch.setattr(screen.err, "stderr", False)  # into one stream, to see the order
    assert call("train", *ARGUMENTS, "--out", copied) == 1
    printed = capfd.readouterr().out.splitlines()
    (heading,) = (at for at, line in enumerate(printed) if line.startswith("3 of 6  lenet, seed 0"))
    assert printed[heading + 1].startswith("error: lenet could not be trained: model 'lenet' cannot take images of 8×8")
    said = " ".join(printed[heading + 1 : heading + 4])  # an error is folded in a window
    assert "12×12 5 of 6 mlp, seed 0: finished" in " ".join(said.split())
    assert any(line.split()[:2] == ["lenet", "–"] for line in printed)
    assert any(line.startswith("! could not train lenet: model 'lenet' cannot") for line in printed)
    assert weights(copied) == weights(made)


def test_what_failed_stands_in_every_comparison_of_the_series(made: Path) -> None:
    found = cs.compare([made])
    assert list(found.failed) == ["lenet"] and found.failed["lenet"].endswith("12×12")
    assert json.loads(json.dumps(found.to_dict())) == json.loads((made / "comparison.json").read_text())
    with (made / "comparison.csv").open(newline="") as file:
        *others, last = csv.DictReader(file)
    assert (last["network"], last["accuracy"], last["failed"]) == ("lenet", "", found.failed["lenet"])
    assert not any(row["failed"] for row in others)
    page = (made / "comparison.html").read_text()
    assert '<th scope="row">lenet<small>could not be trained' in page and "Could not train lenet: model" in page
    assert not cs.compare([made / "tiny-seed0", made / "mlp-seed0"]).failed


def test_one_network_beside_a_failed_one_is_shown(tmp_path: Path) -> None:
    done = cs.train_series("digits", ["lenet", "tiny"], out=tmp_path / "s", epochs=1, baselines=False)
    assert done.comparison is not None and len(done.comparison.networks) == 1
    assert "could not be trained" in (tmp_path / "s" / "comparison.html").read_text()


def test_a_seed_that_fails_is_left_out_and_tried_again(
    made: Path, copied: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("metrics.json", "predictions.csv", "report.html", "model.safetensors"):
        (copied / "mlp-seed1" / name).unlink()
    with monkeypatch.context() as patch:
        patch.setattr(
            series, "resume", lambda *_, **__: (_ for _ in ()).throw(Error("the loss stopped being a number"))
        )
        assert call("train", *ARGUMENTS, "--out", copied) == 1
    assert "mlp, seed 1 could not be trained: the loss stopped being a number" in capsys.readouterr().err
    found = cs.compare([copied])  # also later
    assert set(found.failed) == {"lenet", "mlp, seed 1"}
    assert {network.name: network.seeds for network in found.networks} == {"tiny": (0, 1), "mlp": (0,)}
    assert call("train", *ARGUMENTS, "--out", copied) == 1
    assert weights(copied) == weights(made) and set(cs.compare([copied]).failed) == {"lenet"}


def test_the_order_of_runs_moves_no_figure(made: Path) -> None:
    runs = [made / name for name in sorted(RUNS)]
    assert cs.compare(runs).to_dict() == cs.compare(runs[::-1]).to_dict()


def test_an_interrupted_series_goes_on(made: Path, copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("metrics.json", "predictions.csv", "report.html"):
        (copied / "mlp-seed0" / name).unlink()  # begun
    shutil.rmtree(copied / "mlp-seed1")
    (copied / "mlp-seed1").mkdir()  # killed before its first file was whole
    (copied / "mlp-seed1" / "config.toml.new").touch()
    before = (copied / "tiny-seed0" / "model.safetensors").stat().st_mtime_ns
    assert call("train", "--resume", copied, "--json") == 1
    assert weights(copied) == weights(made)
    assert (copied / "tiny-seed0" / "model.safetensors").stat().st_mtime_ns == before
    shown = json.loads(capsys.readouterr().out)
    assert len(shown["comparison"]["networks"]) == 2 and list(shown["failed"]) == ["lenet"]


def test_a_series_that_goes_on_takes_the_settings_that_may_change(copied: Path) -> None:
    for name in ("metrics.json", "predictions.csv", "report.html"):
        (copied / "mlp-seed0" / name).unlink()
    before = {name: cs.open_run(copied / name).plan.threads for name in RUNS}
    assert call("train", "--resume", copied, "--threads", "3") == 1
    after = {name: cs.open_run(copied / name).plan.threads for name in RUNS}
    assert after == {**before, "mlp-seed0": 3}
    (notice,) = cs.open_run(copied / "mlp-seed0").metrics["notices"]
    assert "from here on with 3" in notice


def test_ctrl_c_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train, trained = series.train, []

    def stopped(*args, **options):
        if trained:
            raise KeyboardInterrupt
        trained.append(args)
        return train(*args, **options)

    monkeypatch.setattr(series, "train", stopped)
    assert call("train", *ARGUMENTS, "--out", tmp_path / "s") == 130
    printed = " ".join(capsys.readouterr().err.split())
    assert (
        f"stopped in 2 of 6; what is finished is kept. Resume with: convscope train --resume {tmp_path / 's'}"
        in printed
    )


def test_networks_and_seeds_can_be_added_to_a_series(copied: Path) -> None:
    done = cs.train_series("digits", ["tiny"], seeds=3, out=copied, epochs=1, baselines=False)
    assert [run.plan.seed for run in done.runs] == [0, 1, 2]
    assert done.comparison is not None and len(done.comparison.networks) == 1


def test_a_series_does_not_go_on_with_other_settings(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = "holds a series with lr = None, not 0.5: choose another --out"
    says(capsys, message, "train", *ARGUMENTS, "--lr", "0.5", "--out", copied)
    says(capsys, "from the folder", "train", "--resume", copied, "--seeds", "4")


def test_what_can_be_known_to_be_wrong_is_refused_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ("--out", tmp_path / "s")
    says(capsys, "unknown model 'tinny'; did you mean 'tiny'?", "train", "digits", "--model", "mlp,tinny", *out)
    says(capsys, "'mlp' is named twice", "train", "digits", "--model", "mlp,mlp", *out)
    says(capsys, "seeds must be at least 1, got 0", "train", "digits", "--seeds", "0", *out)
    says(capsys, "--print-config shows", "train", "digits", "--model", "mlp,tiny", "--print-config")
    assert not (tmp_path / "s").exists()
    says(
        capsys,
        "no network could be trained: lenet:",
        "train",
        "digits",
        "--model",
        "lenet",
        "--seeds",
        "2",
        *out,
        code=1,
    )


def test_command_line_and_python_say_the_same(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("compare", made, "--out", tmp_path / "c", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    found = cs.compare([made])
    assert found.networks == cs.compare([cs.open_run(made / name) for name in sorted(RUNS)]).networks
    assert shown == json.loads(json.dumps(found.to_dict())) == json.loads((tmp_path / "c/comparison.json").read_text())
    assert call("compare", *(made / name for name in sorted(RUNS))) == 0
    printed = capsys.readouterr().out
    assert all(sentence in " ".join(printed.split()) for sentence in found.conclusions)


def test_the_json_keeps_its_keys(made: Path) -> None:
    found = json.loads((made / "comparison.json").read_text())
    assert set(found) == {
        "format", "best", "data", "split", "examples", "classes", "networks", "pairs", "conclusions", "notes",
        "failed", "few", "groups", "resampled", "noun", "task", "main", "metrics",
    }  # fmt: skip
    assert set(found["networks"][0]) == {
        "name", "model", "weights", "multiply_adds", "figures", "seconds", "images_per_second", "runs", "settings",
    }  # fmt: skip
    assert set(found["networks"][0]["figures"]) == {"accuracy", "balanced_accuracy", "log_loss", "ece"}
    assert set(found["networks"][0]["figures"]["ece"]) == {"value", "low", "high"}
    assert set(found["networks"][0]["runs"][0]) == {
        "folder", "seed", "figures", "epochs", "seconds", "images_per_second",
    }  # fmt: skip
    assert set(found["pairs"][0]) == {"a", "b", "difference", "test", "p", "p_holm", "seeds", "decided"}
    assert set(found["pairs"][0]["seeds"][0]) == {
        "seed_a", "seed_b", "difference", "only_a", "only_b", "p_mcnemar",
    }  # fmt: skip


def test_figures_are_those_of_the_runs(made: Path) -> None:
    found = cs.compare([made])
    assert found.networks[0].figures["accuracy"]["value"] >= found.networks[1].figures["accuracy"]["value"]
    for network in found.networks:
        own = [json.loads((made / f"{network.name}-seed{s}/metrics.json").read_text()) for s in network.seeds]
        for key, estimate in network.figures.items():
            assert estimate["value"] == pytest.approx(sum(metrics[key]["value"] for metrics in own) / 2)
            assert estimate["low"] < estimate["value"] < estimate["high"]
        # Wider than the images alone make it, since seeds differ too.
        alone = own[0]["accuracy"]["high"] - own[0]["accuracy"]["low"]
        both = network.figures["accuracy"]["high"] - network.figures["accuracy"]["low"]
        assert both > 0.6 * alone
    assert {n.name: (n.weights, n.multiply_adds) for n in found.networks} == {
        # 8 maps of 8×8 and 16 maps of 4×4, nine products an input channel each, then 64·10
        "tiny": (1898, 8 * 64 * 9 + 16 * 16 * 72 + 640),
        "mlp": (85_002, 64 * 256 + 256 * 256 + 2560),
    }
    with (made / "comparison.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["seed"] for row in rows] == [*["mean", "0", "1"] * 2, ""]  # the last failed
    assert float(rows[3]["behind_best"]) == pytest.approx(found.pairs[0].difference["value"])


def test_networks_trained_once_are_told_apart_by_mcnemar(made: Path) -> None:
    found = cs.compare([made / "tiny-seed0", made / "mlp-seed0"])
    (pair,) = found.pairs
    assert (pair.test, pair.p) == ("mcnemar", pair.seeds[0]["p_mcnemar"])
    assert pair.difference["value"] == pytest.approx((pair.seeds[0]["only_a"] - pair.seeds[0]["only_b"]) / 359)
    assert "another seed" in found.notes[0]


def test_settings_tell_networks_of_one_model_apart(made: Path, tmp_path: Path) -> None:
    cs.train("digits", "tiny", epochs=1, clip_grad=0.5, lr=0.03, baselines=False, out=tmp_path / "r")
    found = cs.compare([made / "tiny-seed0", tmp_path / "r", made / "mlp-seed0"])
    names = {"tiny no clip_grad lr=0.01", "tiny clip_grad=0.5 lr=0.03", "mlp"}
    assert {network.name for network in found.networks} == names
    assert {network.settings["lr"] for network in found.networks} == {0.01, 0.03, 0.002}


def test_given_weights_are_told_from_none_in_a_word(made: Path, tmp_path: Path) -> None:
    weights = str(made / "tiny-seed0" / "model.safetensors")
    cs.train("digits", "tiny", epochs=2, pretrained=weights, baselines=False, out=tmp_path / "r")
    found = cs.compare([made / "tiny-seed0", tmp_path / "r"])
    assert {network.name for network in found.networks} == {
        "tiny epochs=1 from scratch", "tiny epochs=2 pretrained",
    }  # fmt: skip
    assert not any("image sizes" in note for note in found.notes)


def test_what_does_not_compare_is_refused(
    made: Path, copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny, mlp = made / "tiny-seed0", made / "mlp-seed0"
    says(capsys, "needs at least two runs, found 1", "compare", tiny)
    says(capsys, "are the same training: tiny with seed 0", "compare", tiny, copied / "tiny-seed0")
    says(capsys, "is not a run folder: no such folder", "compare", tiny, tmp_path / "none")
    says(capsys, "no such folder; did you mean 'tiny-seed1'?", "compare", tiny, made / "tiny-seed2")
    says(capsys, "it is a file; the run is", "compare", tiny, mlp / "model.safetensors")
    (tmp_path / "killed").mkdir()
    says(capsys, "it is empty, as after a training that was stopped before its first file; there is nothing to go on "
         "with: begin again", "compare", tiny, tmp_path / "killed")  # fmt: skip
    shutil.copy(tiny / "model.safetensors", tmp_path / "killed")
    says(capsys, "its config.toml", "compare", tiny, tmp_path / "killed")
    says(capsys, "it holds runs; name one: ", "evaluate", made)
    says(capsys, "is the folder of a run", "compare", made, "--out", mlp)

    assert call("train", "digits", "--model", "tiny", "--epochs", "1", "--no-baselines", "--seed", "5",
                "--out", tmp_path / "other") == 0  # fmt: skip
    capsys.readouterr()
    says(capsys, "they were drawn with the seeds 0 and 5: train both with the same --split-seed",
         "compare", mlp, tmp_path / "other")  # fmt: skip

    for column, told in ((2, "have another label"), (4, "have another content")):
        changed = shutil.copytree(mlp, tmp_path / f"changed {column}")
        rows = list(csv.reader((changed / "split.csv").read_text().splitlines()))
        rows[7][column] = rows[7][column][::-1] if column == 4 else str((int(rows[7][2]) + 1) % 10)
        (changed / "split.csv").write_text("\n".join(map(",".join, rows)) + "\n")
        says(capsys, f"1 image of the same name {told}", "compare", tiny, changed)

    fewer = shutil.copytree(mlp, tmp_path / "fewer")
    lines = (fewer / "split.csv").read_text().splitlines(keepends=True)
    (fewer / "split.csv").write_text("".join(lines[:-3]))
    says(capsys, f"3 of the 1,797 images of {tiny}", "compare", tiny, fewer)

    (copied / "mlp-seed0" / "metrics.json").unlink()
    says(capsys, "is not finished", "compare", tiny, copied / "mlp-seed0")

    short = copied / "mlp-seed1" / "predictions.csv"
    short.write_text("".join(short.read_text().splitlines(keepends=True)[:-2]))
    says(capsys, "does not belong to the metrics.json beside it", "compare", tiny, copied / "mlp-seed1")


def test_other_classes_do_not_compare(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cs.train("squares", "tiny", epochs=1, baselines=False, out=tmp_path / "squares")
    says(capsys, "they learn other classes", "compare", made / "tiny-seed0", tmp_path / "squares")


def test_a_held_set_is_trained_and_gone_on_with(digits: cs.Data, tmp_path: Path) -> None:
    done = cs.train_series(digits, ["tiny"], out=tmp_path / "s", epochs=1, baselines=False)
    before = (tmp_path / "s/tiny-seed0/model.safetensors").read_bytes()
    (tmp_path / "s/tiny-seed0/metrics.json").unlink()
    again = cs.train_series(digits, ["tiny"], out=tmp_path / "s", epochs=1, baselines=False)
    assert (tmp_path / "s/tiny-seed0/model.safetensors").read_bytes() == before
    assert again.comparison is None  # nothing to compare with
    assert again.runs[0].metrics["accuracy"] == done.runs[0].metrics["accuracy"]
    assert series_folder.is_series(done.folder)
