"""Folds, resamples and a split of one's own: one run folder each on stated rows, and their summary."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import convscope as cs
from cli.command import call, says
from convscope.api import results
from convscope.errors import ConfigError

QUICK = ("--epochs", "1", "--no-baselines", "--augment", "none")
FOLDS = ("train", "digits", "--model", "tiny,mlp", "--folds", "3", *QUICK)


@pytest.fixture(autouse=True, scope="module")
def no_report() -> Iterator[None]:
    """Leave the runs' own reports out, which take longer than these trainings and are tested for themselves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "write_report", lambda contents, folder: (folder / "report.html").touch())
        yield


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    folder = tmp_path_factory.mktemp("folds") / "digits"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONVSCOPE_CACHE", str(cache))
        assert call(*FOLDS, "--out", folder) == 0
    return folder


def splits_of(run: Path) -> dict[str, str]:
    with (run / "split.csv").open(newline="") as file:
        return {row["id"]: row["split"] for row in csv.DictReader(file)}


def test_each_example_is_tested_once_and_networks_share_their_folds(folds: Path) -> None:
    runs = {
        name: splits_of(folds / name) for name in (f"{m}-seed0-fold{k}" for m in ("tiny", "mlp") for k in (1, 2, 3))
    }
    tested = Counter(name for k in (1, 2, 3) for name, split in runs[f"tiny-seed0-fold{k}"].items() if split == "test")
    assert len(tested) == 1797 and set(tested.values()) == {1}
    assert all(runs[f"tiny-seed0-fold{k}"] == runs[f"mlp-seed0-fold{k}"] for k in (1, 2, 3))


def test_the_summary_joins_what_the_folds_answered(folds: Path) -> None:
    found = cs.compare([folds])
    runs = [cs.open_run(folds / f"tiny-seed0-fold{k}") for k in (1, 2, 3)]
    (tiny,) = (network for network in found.networks if network.name == "tiny")
    each = [run.metrics["accuracy"]["value"] for run in runs]
    assert tiny.by_split["accuracy"] == each and tiny.mean["accuracy"]["value"] == pytest.approx(np.mean(each))
    right = sum(round(run.metrics["accuracy"]["value"] * run.metrics["examples"]) for run in runs)
    pooled = tiny.pooled["accuracy"]
    assert pooled["value"] == pytest.approx(right / 1797) and pooled["low"] < pooled["value"] < pooled["high"]
    assert found.examples == 1797 and found.pairs[0].test == "mcnemar" and found.wins[0] <= 3


def test_page_table_and_json_say_the_same(folds: Path) -> None:
    values = json.loads((folds / "comparison.json").read_text())
    with (folds / "comparison.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    best = values["networks"][0]
    written = {row["split"]: row for row in rows if row["network"] == best["name"] and row["metric"] == "accuracy"}
    assert [float(written[str(k)]["value"]) for k in (1, 2, 3)] == best["by_split"]["accuracy"]
    assert float(written["pooled"]["low"]) == best["pooled"]["accuracy"]["low"]
    assert float(written["mean"]["std"]) == best["std"]["accuracy"]
    page, shown = (folds / "comparison.html").read_text(), 100 * best["pooled"]["accuracy"]["value"]
    assert any(f"{shown:.{places}f}" in page for places in (1, 2))
    assert (folds / "figures" / "splits.svg").exists()


def test_a_run_of_a_fold_is_repeated_by_its_config_alone(folds: Path, tmp_path: Path) -> None:
    run = folds / "tiny-seed0-fold2"
    assert call("train", "--config", run / "config.toml", "--out", tmp_path / "again") == 0
    assert (tmp_path / "again" / "model.safetensors").read_bytes() == (run / "model.safetensors").read_bytes()
    assert splits_of(tmp_path / "again") == splits_of(run)


def test_the_same_command_goes_on_and_another_is_refused(folds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*FOLDS, "--out", folds) == 0
    assert capsys.readouterr().out.count("finished before") == 6
    says(capsys, "folds = 3, not 4", *FOLDS[:4], "--folds", "4", *QUICK, "--out", folds)


def test_a_network_that_lacks_a_fold_is_left_out(folds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [folds / f"tiny-seed0-fold{k}" for k in (1, 2, 3)] + [folds / "mlp-seed0-fold1"]
    assert call("compare", *runs, "--json") == 0
    values = json.loads(capsys.readouterr().out)
    assert [network["name"] for network in values["networks"]] == ["tiny"]
    assert "lacks fold 2, 3" in values["failed"]["mlp"]
    says(
        capsys, "no network was trained on all splits", "compare", folds / "tiny-seed0-fold1", folds / "mlp-seed0-fold2"
    )


def test_resamples_keep_the_sizes_and_are_compared_split_by_split(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 99, (240, 8, 8)).astype(np.uint8), np.arange(240) % 2
    x[y == 1, :, 4:] += 100
    given = np.array(["train"] * 180 + ["test"] * 60)
    np.savez(tmp_path / "made.npz", x_train=x[:180], y_train=y[:180], x_test=x[180:], y_test=y[180:])
    settings = {"epochs": 1, "baselines": False, "augment": "none", "quiet": True}
    done = cs.train_series(tmp_path / "made.npz", ["tiny", "mlp"], resamples=3, out=tmp_path / "s", **settings)
    splits = [splits_of(run.folder) for run in done.runs[:3]]
    assert [sum(split == "test" for split in each.values()) for each in splits] == [60] * 3
    assert [split == "test" for split in splits[0].values()].count(True) == (given == "test").sum()
    tests = [{name for name, split in each.items() if split == "test"} for each in splits]
    assert tests[0] != tests[1] != tests[2]
    assert all("test" in name for name in tests[0])  # the set's own
    summary = done.comparison
    assert summary.kind == "resamples" and summary.networks[0].pooled is None
    assert summary.pairs[0].test == "corrected_t"
    assert summary.best.mean["accuracy"]["value"] == pytest.approx(np.mean(summary.best.by_split["accuracy"]))


def test_a_split_file_says_where_each_example_goes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = cs.load("digits")
    ids = [str(name) for split in data.splits for name in split.ids]
    mine = {name: ("test", "val", "train", "train")[k % 4] for k, name in enumerate(ids)}
    table = tmp_path / "mine.csv"
    table.write_text("id,split\n" + "".join(f"{name},{split}\n" for name, split in mine.items()))
    run = tmp_path / "run"
    assert call("train", "digits", "--model", "tiny", "--split-file", table, *QUICK, "--out", run) == 0
    assert splits_of(run) == {name: {"val": "valid"}.get(split, split) for name, split in mine.items()}
    table.write_text(table.read_text().replace(f"{ids[5]},", "other,"))
    says(capsys, f"1 example of the set without a row, such as {ids[5]}", "train", "digits", "--split-file", table)
    table.write_text(table.read_text() + f"{ids[5]},later\n")
    says(capsys, "line 1799: split 'later'", "train", "digits", "--split-file", table)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"folds": 5}, "'folds' alone"),
        ({"fold": 2}, "'fold' needs"),
        ({"folds": 5, "fold": 6}, "at most 5"),
        ({"folds": 5, "fold": 1, "resample": 2}, "two ways to split"),
        ({"folds": 5, "fold": 1, "test": 0.2}, "'test'"),
        ({"split_file": "a.csv", "valid": 0.2}, "'valid'"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        cs.train("digits", "tiny", quiet=True, **settings)


def test_a_series_is_split_in_one_way(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="choose one of them"):
        cs.train_series("digits", ["tiny"], folds=3, resamples=3, out=tmp_path / "s")
    with pytest.raises(ConfigError, match="from 2 to 1,000, found 1"):
        cs.train_series("digits", ["tiny"], folds=1, out=tmp_path / "s")
    with pytest.raises(ConfigError, match="has its splits"):
        cs.train_series(cs.load("digits"), ["tiny"], folds=3, out=tmp_path / "s")


def test_runs_of_one_fold_are_compared_as_any_are(folds: Path) -> None:
    found = cs.compare([folds / "tiny-seed0-fold1", folds / "mlp-seed0-fold1"])
    assert {network.name for network in found.networks} == {"tiny", "mlp"} and found.examples == 599


def test_simple_methods_stand_beside_the_folds(tmp_path: Path) -> None:
    folder = tmp_path / "beside"
    quick = ("--epochs", "1", "--augment", "none", "--baseline-seconds", "1", "--out", folder)
    assert call("train", "digits", "--model", "tiny", "--folds", "2", *quick) == 0
    found = cs.compare([folder])
    runs = [cs.open_run(folder / f"tiny-seed0-fold{k}") for k in (1, 2)]
    each = {baseline["name"]: baseline["accuracy"]["value"] for baseline in runs[1].metrics["baselines"]}
    assert found.baselines and {name: values[1] for name, values in found.baselines.items()} == each
    assert found.conclusions[1].startswith("The best baseline, ") and "folds." in found.conclusions[1]
    low, high = (found.best.mean["accuracy"][end] for end in ("low", "high"))
    assert low is not None and high is not None
    assert 0 <= low < high <= 1  # of two folds it would reach far beyond
    page = (folder / "comparison.html").read_text()
    assert all(name in page for name in found.baselines)


def test_sequences_that_stand_alone_are_drawn_and_told_of_beside_the_groups(tmp_path: Path, capsys) -> None:
    rng = np.random.default_rng(0)
    unlike = ["".join(rng.choice(list("ACGT"), 12)) for _ in range(60)]
    texts = [*unlike[:48], *np.repeat(unlike[48:], 4)]  # 48 once, 12 four times
    lines = [f"{text},{'ab'[text.count('G') > 3]}" for text in texts]
    (tmp_path / "dna.csv").write_text("\n".join(["sequence,label", *lines]) + "\n")
    command = ("train", tmp_path / "dna.csv", "--model", "conv1d", "--folds", "2", *QUICK, "--out", tmp_path / "runs")
    assert call(*command) == 0
    captured = capsys.readouterr()
    printed = " ".join((captured.out + captured.err).split())
    assert "96 examples tested of 12 groups and 48 single examples" in printed
    assert "together resample the 12 groups and 48 single examples" in printed

    # A plain loop over what is drawn: each group as a whole, each other sequence by itself.
    right, unit = [], []
    for fold in (1, 2):
        run = tmp_path / "runs" / f"conv1d-seed0-fold{fold}"
        with (run / "predictions.csv").open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
        answers = {row["id"]: row["label"] == row["prediction"] for row in rows}
        with (run / "split.csv").open(newline="") as file:
            group = {row["id"]: row["group"] or row["id"] for row in csv.DictReader(file)}
        right += answers.values()
        unit += [group[name] for name in answers]
    held = [np.array(right)[np.array(unit) == name] for name in sorted(set(unit))]
    assert len(held) == 60
    draws = [np.concatenate([held[at] for at in rng.integers(0, 60, 60)]).mean() for _ in range(4000)]
    (network,) = cs.compare([tmp_path / "runs"]).networks
    estimate = network.pooled["accuracy"]
    assert [estimate["low"], estimate["high"]] == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=0.03)
