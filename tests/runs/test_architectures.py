"""Convolution, recurrence or attention: equal weights, equal time, the simple method, and one verdict."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convscope.api.architectures import compare_architectures, resume_architectures, takes_sequences
from convscope.api.series import train_series
from convscope.data.spec import InputSpec, OutputSpec
from convscope.errors import ConfigError
from convscope.models.budget import equal_weights
from convscope.models.kept import kept_bytes
from convscope.models.registry import build
from convscope.report.architectures import table
from convscope.runs.compare.architectures import notes_of, verdict
from convscope.runs.compare.conclusions import notes

MODELS = ["conv1d", "gru", "transformer"]
INPUTS = [InputSpec(1, (96,)), InputSpec(2, (None,)), InputSpec(space=(None,), vocabulary=33)]


@pytest.fixture(scope="module")
def signals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write signals of two classes, a rise or a fall somewhere, as the UCR archive does."""
    random = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("steps")
    for name, count in (("TRAIN", 60), ("TEST", 40)):
        labels = np.arange(count) % 2
        x = random.normal(0, 0.3, (count, 24))
        for row, label in enumerate(labels):
            x[row, random.integers(6, 18) :] += 2 if label else -2
        np.savetxt(folder / f"steps_{name}.txt", np.column_stack([labels, x]), fmt="%.4f")
    return folder / "steps_TRAIN.txt"


def test_only_networks_for_sequences_are_compared_so() -> None:
    assert takes_sequences(MODELS) and takes_sequences(["fcn", "tcn"])
    for others in (["lenet", "tiny"], ["gru"], ["gru", "lenet"], ["auto", "gru"], ["mine:Net", "gru"]):
        assert not takes_sequences(others)


@pytest.mark.parametrize("input", INPUTS)
def test_weights_agree_within_a_tenth(input: InputSpec) -> None:
    sized = equal_weights(MODELS, input=input, output=OutputSpec(3), options={})
    for name, each in sized.items():
        net = build(name, each.options, input=input, output=OutputSpec(3))
        assert each.weights == sum(p.numel() for p in net.parameters()) and each.near
    counts = [each.weights for each in sized.values()]
    assert max(counts) < 1.1 * min(counts)


def test_memory_grows_with_the_length() -> None:
    def at(length: int) -> int:
        return kept_bytes(lambda input: build("gru", {}, input=input, output=OutputSpec(2)), INPUTS[0], length)

    assert at(40) == pytest.approx(2 * at(20), rel=0.15)


def test_no_training_chooses_a_batch_size_of_its_own(
    signals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class BegunError(Exception):
        pass

    def begin(*_: object, **settings: object) -> None:
        raise BegunError(settings["batch_size"])

    monkeypatch.setattr("convscope.api.architectures.train_series", begin)
    with pytest.raises(BegunError, match="16"):
        compare_architectures(signals, MODELS, seeds=1, out=tmp_path / "which", epochs=1)


def test_a_comparison_is_whole_and_goes_on(signals: Path, tmp_path: Path) -> None:
    folder = tmp_path / "which"
    asked = {"epochs": 2, "baseline_seconds": 2.0}
    _, found = compare_architectures(signals, MODELS, seeds=2, out=folder, time="1s", **asked)
    first, second = found.arms
    assert [arm.name for arm in found.arms] == ["equal weights", "equal time"]
    assert {run.epochs for network in first.comparison.networks for run in network.runs} == {2}
    assert "24 steps" in found.caption and found.simple is not None
    once = replace(
        first.comparison, networks=tuple(replace(each, runs=each.runs[:1]) for each in first.comparison.networks)
    )
    turned = replace(once, networks=once.networks[::-1])  # another leads: the same note, which stands once
    assert next(notes(once, [])) == next(notes(turned, [])) and "were trained once" in next(notes(once, []))
    shown = table(found, first)
    assert shown.rows[-1][0] == found.simple.name and len(shown.rows) == 4
    values = json.loads((folder / "comparison.json").read_text())
    assert values["verdict"] == found.verdict and len(values["arms"][1]["comparison"]["networks"]) == 3
    page = (folder / "comparison.html").read_text()
    assert found.simple.name in page and "2 seeds estimate only roughly" in page
    assert values["notes"] == list(found.notes) and not any("rates were chosen" in note for note in found.notes)
    weights = {at: at.read_bytes() for at in folder.glob("*/*/model.safetensors")}
    assert len(weights) == 12
    _, again = resume_architectures(folder)
    assert {at: at.read_bytes() for at in weights} == weights
    assert again.arms[1].comparison.pairs == second.comparison.pairs
    with pytest.raises(ConfigError, match="another comparison"):
        compare_architectures(signals, MODELS, seeds=3, out=folder, time="1s", **asked)

    # The verdict: neither, unless the best is better than the simple method beyond chance.
    best = first.comparison.best.name
    lead = replace(first.lead(best), difference={"value": 0.2, "low": 0.1, "high": 0.3}, p_holm=0.001)
    others = [each for each in first.leads if each.network != best]
    won = verdict([replace(first, leads=(lead, *others))], found.simple, found.measured)
    assert "Neither" not in won and "better than the simple method" in won and "an epoch of" in won
    lost = verdict([replace(first, leads=(replace(lead, p_holm=0.5), *others))], found.simple, found.measured)
    assert lost.startswith("Neither") and "within chance" in lost

    # Rates that were chosen on what judges flatter the networks; on a test split they do not.
    on_valid = replace(first, comparison=replace(first.comparison, split="valid"))
    assert any("rates were chosen" in note for note in notes_of([on_valid], searched=True))
    assert not any("rates were chosen" in note for note in notes_of([first], searched=True))


def test_what_cannot_be_compared_is_refused(signals: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--set width"):
        compare_architectures(signals, MODELS, out=tmp_path / "a", set={"width": 3})
    with pytest.raises(ConfigError, match="--set hiddn: none of conv1d, gru, transformer has this option"):
        compare_architectures(signals, MODELS, out=tmp_path / "a", set={"hiddn": 3})
    with pytest.raises(ConfigError, match="--seeds 0"):
        compare_architectures(signals, MODELS, out=tmp_path / "a", seeds=0)
    with pytest.raises(ConfigError, match="'gru' is named twice"):
        compare_architectures(signals, ["gru", "gru"], out=tmp_path / "a")
    with pytest.raises(ConfigError, match="'text_cnn' takes texts"):
        compare_architectures(signals, ["gru", "text_cnn"], out=tmp_path / "a")
    with pytest.raises(ConfigError, match="--search-lr chooses on the validation split, which has 2"):
        compare_architectures(signals, MODELS, out=tmp_path / "b", search_lr=True, epochs=1)
    with pytest.raises(ConfigError, match="text_cnn takes texts and lenet images: no set suits both"):
        train_series(signals, ["text_cnn", "lenet"], out=tmp_path / "c")
    assert not list(tmp_path.iterdir())  # nothing is begun
