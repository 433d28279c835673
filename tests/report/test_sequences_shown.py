"""What a report shows of texts, DNA and signals, each against another computation of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch import nn

import convscope as cs
from convscope.data.spec import Classes, Numbers
from convscope.data.transforms.dna import BASES
from convscope.data.transforms.text import points_of, text_of
from convscope.models import create
from convscope.report.sections.classification.closely import closely
from convscope.report.sections.regression.closely import closely as closely_numbers
from convscope.report.sequences import embeddings, typed
from convscope.report.sequences.examples import examples
from convscope.report.sequences.explanations import explanations
from convscope.report.sequences.firing import firing, window
from convscope.report.sequences.first_layer import first_convolutions
from convscope.report.sequences.logos import information, logos
from convscope.report.sequences.spectrogram import FLOOR, decibels
from convscope.runs.predictor import Predictor
from convscope.tasks.registry import task
from convscope.text import THIN

LETTERS = "ACGT"


def _table(path: Path, rows: list[str]) -> cs.Data:
    path.write_text("\n".join(["text,label", *rows]) + "\n")
    return cs.load(path)


@pytest.fixture
def names(tmp_path: Path) -> cs.Data:
    words = ["ana", "li", "maria jose", "otto", "x", "nina", "marta", "ali", "tom", "mimi"]
    return _table(tmp_path / "t.csv", [f"{word}{k},{'ab'[k % 2]}" for k in range(3) for word in words])


@pytest.fixture
def dna(tmp_path: Path) -> cs.Data:
    rng = np.random.default_rng(0)
    rows = ["".join(rng.choice([*LETTERS], 30)) for _ in range(60)]
    return _table(tmp_path / "d.csv", [f"{row},{'ab'[k % 2]}" for k, row in enumerate(rows)])


@pytest.fixture
def signals(request: pytest.FixtureRequest) -> cs.Data:
    rng = np.random.default_rng(1)
    uneven = getattr(request, "param", False)
    each = [rng.normal(size=(50 + 3 * k * uneven, 2)).astype(np.float32) for k in range(30)]
    return cs.from_arrays({"signal": each if uneven else np.stack(each)}, np.arange(30) % 2)


def _net(name: str, data: cs.Data) -> nn.Module:
    torch.manual_seed(0)
    spec = data.preprocessing.input
    vocabulary = {} if spec.vocabulary is None else {"vocabulary": spec.vocabulary}
    return create(name, classes=2, channels=spec.channels, size=spec.space, **vocabulary).eval()


def test_a_logo_is_what_schneider_and_stephens_write():
    counts = np.array([[10, 4, 1], [0, 4, 1], [0, 1, 1], [0, 1, 1]], float)
    heights = information(counts)
    for place in range(3):
        n = counts[:, place].sum()
        shares = counts[:, place] / n
        entropy = -sum(share * np.log2(share) for share in shares if share)
        wanted = max(0.0, np.log2(4) - (entropy + 3 / (2 * np.log(2) * n)))
        assert heights[:, place].sum() == pytest.approx(wanted)
        assert heights[:, place] == pytest.approx(shares * wanted)
    assert not heights[:, 2].any()  # four letters, once each, tell nothing


@pytest.mark.parametrize("name", ["conv_dna", "danq"])
def test_a_kernel_that_looks_for_a_word_has_it_as_its_logo(dna: cs.Data, name: str):
    model = _net(name, dna)
    conv = model.motifs.conv
    word = "GATTACA"
    start = (conv.kernel_size[0] - len(word)) // 2
    with torch.no_grad():
        conv.weight.zero_(), conv.bias.zero_()
        for at, letter in enumerate(word):
            conv.weight[5, BASES.index(letter), start + at] = 1.0
    (logo,) = logos(model, dna.train)
    assert logo.name == "motifs.conv 5"
    before, largest = (conv.kernel_size[0] - 1) // 2, 0
    windows = []
    for example in dna.train:
        around = "-" * before + text_of(np.asarray(example.image)) + "-" * before
        for at in range(30):
            cut = around[at : at + conv.kernel_size[0]]
            hits = sum(a == b for a, b in zip(cut[start:], word, strict=False))
            windows.append((hits, cut))
            largest = max(largest, hits)
    kept = [cut for hits, cut in windows if hits > largest / 2]
    counts = np.array([[sum(cut[at] == base for cut in kept) for at in range(conv.kernel_size[0])] for base in BASES])
    assert logo.sites == len(kept) and logo.largest == largest
    assert logo.heights == pytest.approx(information(counts.astype(float)))


@pytest.mark.parametrize("signals", [False, True], indirect=True)
@pytest.mark.parametrize("name", ["conv1d", "fcn", "resnet1d", "inception", "tcn"])
def test_the_windows_of_a_kernel_are_those_with_its_largest_answers(signals: cs.Data, name: str):
    model = _net(name, signals)
    found = firing(model, signals.train)
    assert found
    rule = signals.preprocessing
    for kernel in found:
        assert len(set(kernel.ids)) == len(kernel.ids) and (np.diff(kernel.answers) <= 0).all()
        layer, _, number = kernel.name.rpartition(" ")
        conv = model.get_submodule(layer)
        mean, std = (np.array(each)[:, None] for each in (rule.mean, rule.std))
        for cut, answer in zip(kernel.windows, kernel.answers, strict=True):
            seen = np.nan_to_num((cut - mean) / std)  # zeros lie around a signal
            bias = 0.0 if conv.bias is None else float(conv.bias.detach()[int(number)])
            assert float((seen * kernel.kernel).sum()) + bias == pytest.approx(answer, abs=1e-4)
        x = [rule.tensor(np.asarray(example.image)[None]) for example in signals.train]
        (first,) = (each for each in first_convolutions(model, x[0]) if each.name == layer)
        with torch.no_grad():
            most = max(float(first.answers(each)[0, int(number)].max()) for each in x)
        assert kernel.answers[0] == pytest.approx(most, abs=1e-5)
        assert (first.mixed is not None) == (name == "inception")


def test_a_window_beyond_a_signal_is_nothing():
    assert np.isnan(window(np.ones((3, 1)), 5, 2)).all()


@pytest.mark.parametrize("name", ["text_cnn", "gru", "transformer"])
def test_each_beginning_is_answered_as_if_it_were_alone(names: cs.Data, name: str):
    model, target = _net(name, names), Classes(names.classes)
    predictor = Predictor(model, names.preprocessing, task("classification"), target)
    looked_at = closely(predictor.predictions(names.train), names.train.labels, target)
    shown = typed.typed(predictor, names.train, looked_at.examples)
    assert shown
    for text in shown:
        for at, values in enumerate(text.values):
            (alone,) = predictor.predict(["".join(text.letters[: at + 1])])
            wanted = [alone.answer["probabilities"][each] for each in names.classes]
            assert values == pytest.approx(wanted, abs=1e-6)
            tokens = names.preprocessing.tensor(points_of("".join(text.letters[: at + 1]))[None])
            padded = nn.functional.pad(tokens, (0, 9))
            with torch.no_grad():
                assert model(padded).softmax(1)[0].numpy() == pytest.approx(values, abs=1e-5)


def test_components_are_those_of_scikit_learn(names: cs.Data):
    vectors = np.random.default_rng(3).normal(size=(12, 5))
    places, shares = embeddings.principal(vectors)
    pca = PCA(2).fit(vectors)
    assert shares == pytest.approx(pca.explained_variance_ratio_)
    assert np.abs(places) == pytest.approx(np.abs(pca.transform(vectors)))
    order, cosine = embeddings.nearest(vectors)
    for row, (others, values) in enumerate(zip(order, cosine, strict=True)):
        each = [
            -2.0 if k == row else vectors[k] @ vectors[row] / np.linalg.norm(vectors[k]) / np.linalg.norm(vectors[row])
            for k in range(12)
        ]
        assert others.tolist() == sorted(range(12), key=lambda k: -each[k])[: len(others)]
        assert values == pytest.approx(sorted(each, reverse=True)[: len(values)])
    model = _net("gru", names)
    found = embeddings.embedded(model, names.train)
    assert found is not None
    plane, table = found
    assert len(plane.tokens) == len(table.rows) == len(names.preprocessing.characters)
    assert "␣" in plane.tokens and embeddings.embedded(_net("gru", names), names.valid) is not None


def test_a_spectrogram_is_the_windowed_fourier_transform():
    rate, time = 8000.0, np.arange(4000) / 8000.0
    signal = np.sin(2 * np.pi * 1000 * time) + 0.1 * np.sin(2 * np.pi * 2500 * time)
    frequencies, times, levels = decibels(signal, rate)
    middle = int(np.argmin(np.abs(times - 0.25)))
    start = round(times[middle] * rate) - 128
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(256) / 256)
    power = np.abs(np.fft.rfft(hann * signal[start : start + 256])) ** 2
    wanted = 10 * np.log10(np.maximum(power / power.max(), 10 ** (FLOOR / 10)))
    assert levels[:, middle] - levels[:, middle].max() == pytest.approx(wanted, abs=0.5)
    assert frequencies[levels[:, middle].argmax()] == 1000
    assert levels[round(2500 / frequencies[1]), middle] == pytest.approx(-20, abs=0.7)


def test_right_and_worst_answers_are_chosen():
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.95, 0.05], [0.45, 0.55]])
    rows = closely(probabilities, np.array([0, 0, 0, 1, 1]), Classes(("ant", "bee"))).examples
    assert [(each.row, each.answer, each.right) for each in rows] == [
        (4, 1, True), (1, 0, True), (0, 0, True), (3, 0, False), (2, 1, False),
    ]  # fmt: skip
    assert rows[3].said == f"is bee, said ant, 95.0{THIN}%" and rows[0].said == f"rightly bee, 55.0{THIN}%"
    numbers = Numbers(("age",), ("years",), (0.0,), (1.0,))
    found = closely_numbers(np.array([[1.0], [2.0], [9.0]]), np.array([[1.0], [4.0], [1.0]]), numbers).examples
    assert [(each.row, each.right) for each in found] == [(0, True), (2, False), (1, False)]
    assert found[1].said == "age is 1 years, said 9 years"


@pytest.mark.parametrize("kind", ["names", "dna", "signals"])
def test_answers_of_every_kind_are_explained(kind: str, request: pytest.FixtureRequest):
    data: cs.Data = request.getfixturevalue(kind)
    model = _net({"names": "text_cnn", "dna": "conv_dna", "signals": "fcn"}[kind], data)
    target = Classes(data.classes)
    predicted = Predictor(model, data.preprocessing, task("classification"), target).predictions(data.train)
    found = explanations(model, data.train, closely(predicted, data.train.labels, target), target)
    assert found is not None and found.examples and found.check.startswith("Check: without the 20")
    for each in found.examples:
        x = each.signal if each.signal is not None else each.letters
        assert each.effect.shape[-1] == np.shape(x)[-1] and np.isfinite(each.effect).all()
    shown = examples(data.train, 6)
    assert shown is not None and [group.name for group in shown.groups] == [*data.classes]
    assert sum(group.size for group in shown.groups) == len(data.train)
    assert all((group.logo is not None) == (kind == "dna") for group in shown.groups)


def test_examples_of_dna_read_by_kmers_have_no_logo_of_letters(tmp_path: Path):
    rng = np.random.default_rng(0)
    rows = ["".join(rng.choice([*"ACGT"], 12)) + f",{'ab'[k % 2]}" for k in range(80)]
    (tmp_path / "t.csv").write_text("\n".join(["sequence,label", *rows]))
    by_letter, by_kmers = (cs.load(tmp_path / "t.csv", tokens=tokens) for tokens in ("dna", "kmers:2"))
    shown = [examples(data.train) for data in (by_letter, by_kmers)]
    logos_of = [[group.logo is not None for group in each.groups] for each in shown if each]
    assert logos_of == [[True, True], [False, False]]
