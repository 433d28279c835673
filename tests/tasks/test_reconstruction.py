"""Reconstruction: its figures against other implementations, the bound against torch, a run end to end."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.metrics import structural_similarity
from sklearn.decomposition import PCA
from torch.distributions import Bernoulli, Normal, kl_divergence

import convscope as cs
from convscope.data.batch import Batch
from convscope.data.spec import Pixels
from convscope.models.registry import create
from convscope.report.drawn import write_samples
from convscope.runs.samples import beside_training, draw
from convscope.tasks.baselines import Budget
from convscope.tasks.metrics.pictures import similarity
from convscope.tasks.reconstruction.baselines import principal_components
from convscope.tasks.reconstruction.objective import EvidenceBound, SquaredError
from convscope.tasks.reconstruction.target import decode, encode, measured
from convscope.tasks.registry import task

PLAIN = Pixels(0.0, 255.0, (0.0,), (255.0,))
SHORT = {"epochs": 2, "quiet": True, "baselines": False}


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 8, 31), (2, 7, 7)])
def test_structural_similarity_is_that_of_scikit_image(shape):
    random = np.random.default_rng(0)
    a = random.random((3, *shape)).astype(np.float32)
    b = np.clip(a + 0.2 * random.standard_normal(a.shape), 0, 1).astype(np.float32)
    wanted = [
        structural_similarity(x, y, data_range=1.0, channel_axis=0, win_size=7) for x, y in zip(a, b, strict=True)
    ]
    np.testing.assert_allclose(similarity(a, b), wanted, atol=1e-6)
    np.testing.assert_allclose(similarity(a, a), 1.0)


def test_the_bound_is_that_of_torch_distributions():
    torch.manual_seed(0)
    x, logits = torch.rand(5, 1, 4, 6).round(), torch.randn(5, 1, 4, 6)
    mean, log_variance = torch.randn(5, 3), torch.randn(5, 3)
    bound = EvidenceBound(Pixels(0.0, 1.0, (0.0,), (1.0,), "elbo"), 0.5, 1.0)
    measured = bound((logits, mean, log_variance), Batch(np.arange(5), (x,)))
    surprise = -Bernoulli(logits=logits).log_prob(x).flatten(1).sum(1)
    kl = kl_divergence(Normal(mean, torch.exp(log_variance / 2)), Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(measured.loss, (surprise + 0.5 * kl).mean())
    torch.testing.assert_close(measured.numerators[1:] / 5, torch.stack((kl.mean(), (surprise + kl).mean())))


def test_grey_pixels_cost_what_their_drawings_cost_on_average():
    torch.manual_seed(0)
    x, logits = torch.rand(2, 1, 3, 3), torch.randn(2, 1, 3, 3)
    codes = torch.zeros(2, 1), torch.zeros(2, 1)
    target = Pixels(0.0, 1.0, (0.0,), (1.0,), "elbo")
    exact = EvidenceBound(target, 1.0, 1.0)((logits, *codes), Batch(np.arange(2), (x,))).loss
    drawn = Bernoulli(logits=logits).log_prob(torch.bernoulli(x.expand(40_000, *x.shape)))
    torch.testing.assert_close(exact, -drawn.sum((2, 3, 4)).mean(), atol=0.02, rtol=0)


def test_squared_errors_are_of_pixels_from_0_to_1_whatever_the_network_sees():
    raw = torch.tensor([[[[0.0, 255.0]]]])
    target = Pixels(0.0, 255.0, (100.0,), (50.0,))
    seen = (raw - 100) / 50
    loss = SquaredError(target, 1.0)(torch.zeros(1, 1, 1, 2), Batch(np.arange(1), (seen,))).loss
    assert loss.item() == pytest.approx(0.25)


def test_principal_components_are_those_of_scikit_learn():
    data = task("reconstruction").of(cs.load("digits"))
    target = measured(data, task("reconstruction").options())
    assert data.test is not None
    budget = Budget(8.0, 0, np.empty(1000, np.float32), width=5)
    result = principal_components("PCA", data.train, data.test, target, budget)
    assert result is not None and "first 5 principal" in result.what
    train, test = (encode(split.input.take(np.arange(len(split))), target) for split in (data.train, data.test))
    model = PCA(5, svd_solver="full").fit(train.reshape(len(train), -1))
    wanted = model.inverse_transform(model.transform(test.reshape(len(test), -1)))
    np.testing.assert_allclose(result.predictions.reshape(len(test), -1), np.clip(wanted, 0, 1), atol=1e-4)


def test_raw_images_survive_the_way_to_pixels_and_back():
    raw = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3), dtype=np.uint8)
    assert (decode(encode(raw, PLAIN), PLAIN, "uint8") == raw).all()


@pytest.mark.parametrize("name", ["autoencoder", "vae"])
def test_networks_answer_images_of_any_size_and_are_recorded(name):
    net = create(name, classes=2, channels=2, size=(9, 13)).eval()
    inspection = cs.inspect(net, (2, 9, 13))
    first = next(iter(inspection.graph.outputs.values()))
    assert next(node for node in inspection.graph.nodes if node.name == first).shape == (1, 2, 9, 13)
    with pytest.raises(cs.ShapeError, match="5×5"):
        create(name, classes=1, channels=1, size=(4, 9))


@pytest.mark.parametrize("model", ["autoencoder", "vae"])
def test_a_run_from_images_to_a_page(tmp_path: Path, model):
    run = cs.train("digits", model, task="reconstruction", out=tmp_path / "run", set={"width": 8}, **SHORT)
    figures = run.metrics
    assert figures["main"] == "mse" and 0 < figures["mse"]["value"] < 0.2
    assert "Images and reconstructions" in run.report.read_text()
    data = cs.load("digits")
    assert data.test is not None
    (prediction,) = run.predict(data.test[:1])
    assert prediction.arrays["reconstruction"].shape == (8, 8, 1)
    assert run.evaluate()["mse"]["value"] == pytest.approx(figures["mse"]["value"])
    again = cs.train("digits", model, task="reconstruction", out=tmp_path / "again", set={"width": 8}, **SHORT)
    assert (run.folder / "model.safetensors").read_bytes() == (again.folder / "model.safetensors").read_bytes()
    if model == "vae":
        assert figures["latents"]["units"] == 20
        bits = figures["negative_elbo"]["value"] / (64 * math.log(2))
        assert figures["bits_per_dimension"]["value"] == pytest.approx(bits)
        assert figures["importance_weighted"]["value"] <= figures["negative_elbo"]["value"] + 5


def test_images_that_are_all_equal_are_refused(tmp_path: Path):
    data = cs.from_arrays(np.full((40, 8, 8), 7, np.uint8), np.arange(40) % 2)
    with pytest.raises(cs.DataError, match="equal"):
        cs.train(data, task="reconstruction", out=tmp_path / "run", **SHORT)


def test_samples_are_drawn_again_by_their_seed_and_stand_beside_the_nearest_training_image(tmp_path: Path):
    run = cs.train("digits", "vae", task="reconstruction", out=tmp_path / "run", set={"width": 4}, **SHORT)
    pictures = draw(run, 5, seed=3)
    assert pictures.shape == (5, 1, 8, 8) and 0 <= pictures.min() <= pictures.max() <= 1
    assert (draw(run, 5, seed=3) == pictures).all() and not (draw(run, 5, seed=4) == pictures).all()
    data = task("reconstruction").of(cs.load("digits"))
    assert data.test is not None
    samples = beside_training(pictures, data.train, data.test, run.spec.target)  # pyright: ignore[reportArgumentType]
    train = encode(data.train.input.take(np.arange(len(data.train))), run.spec.target)  # pyright: ignore[reportArgumentType]
    apart = np.sqrt(((pictures[:, None] - train[None]) ** 2).mean((2, 3, 4)))
    np.testing.assert_allclose(samples.distance, apart.min(1), rtol=1e-4)
    np.testing.assert_array_equal(samples.nearest, train[apart.argmin(1)])
    write_samples(samples, tmp_path)
    assert {path.name for path in tmp_path.glob("*.png")} == {*(f"000{k}.png" for k in range(1, 6)), "sheet.png"}
    plain = cs.train("digits", "autoencoder", task="reconstruction", out=tmp_path / "plain", set={"width": 4}, **SHORT)
    with pytest.raises(cs.ConfigError, match="--model vae"):
        draw(plain, 5)


@pytest.mark.parametrize("inside", ["", "one/", "a/b/"])
def test_images_need_no_classes(tmp_path: Path, inside):
    write_images(tmp_path / "set", inside)
    data = cs.load(tmp_path / "set", task="reconstruction", cache=tmp_path / "cache")
    assert len(data.everything) == 40 and "without classes" in data.facts["found"]
    with pytest.raises(cs.DataError, match=r"recognised|class"):
        cs.load(tmp_path / "set", cache=tmp_path / "cache")


def test_images_in_split_folders_keep_them(tmp_path: Path):
    for split in ("train", "test"):
        write_images(tmp_path / "set", f"{split}/")
    data = cs.load(tmp_path / "set", task="reconstruction", cache=tmp_path / "cache")
    assert data.test is not None and len(data.test) == 40 and all(name.startswith("test/") for name in data.test.ids)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"set": {"latent": 0}}, "1 number or more"),
        ({"reconstruct": "elbo"}, "--model vae"),
        ({"model": "vae", "reconstruct": "squared_error"}, "not also codes"),
        ({"model": "lenet"}, "autoencoder, vae"),
    ],
)
def test_what_cannot_give_images_back_is_refused(tmp_path: Path, settings, says):
    with pytest.raises(cs.ConfigError, match=says):
        cs.train("digits", task="reconstruction", out=tmp_path / "run", **{**SHORT, **settings})


def write_images(folder: Path, inside: str) -> None:
    """Write forty small images below a folder."""
    (folder / inside).mkdir(parents=True)
    for number in range(40):
        pixels = np.random.default_rng(number).integers(0, 256, (12, 12), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / inside / f"{number}.png")
