"""Heat maps become places, and the loss of places is a distance; missing points do not count."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from convscope.data.batch import Batch
from convscope.data.spec import Points
from convscope.models.heatmaps import MARGIN, SoftArgmax
from convscope.tasks.landmarks.evidence import PointErrors
from convscope.tasks.landmarks.objective import Distance, Pixels, objective

FRAME = (32, 48)
SHAPE = ((0.25, 0.5), (0.75, 0.5), (0.5, 0.25))


def target(form: str = "coordinates", **changes) -> Points:
    names = ("a", "b", "c")
    return Points(names, FRAME, None, SHAPE, 0.1, form, **changes)  # pyright: ignore[reportArgumentType]


def batch(places: np.ndarray) -> Batch:
    x = torch.zeros(len(places), 1, 1, 1)
    return Batch(np.arange(len(places)), (x,), (torch.from_numpy(places).float(),))


def test_the_centre_of_a_heat_map_is_where_its_heat_is():
    rng = np.random.default_rng(0)
    height, width = 9, 12
    weights = rng.dirichlet(np.ones((height + 2) * (width + 2)), (2, 3)).reshape(2, 3, height + 2, width + 2)
    found = SoftArgmax()(torch.from_numpy(np.log(weights))).numpy().reshape(2, 3, 2)
    for n in range(2):
        for k in range(3):
            x = sum(
                weights[n, k, i, j] * (j - MARGIN + 0.5) / width for i in range(height + 2) for j in range(width + 2)
            )
            y = sum(
                weights[n, k, i, j] * (i - MARGIN + 0.5) / height for i in range(height + 2) for j in range(width + 2)
            )
            assert found[n, k] == pytest.approx([x, y], abs=1e-6)


def test_a_heat_map_reaches_beyond_the_borders():
    maps = torch.full((1, 1, 6, 6), -100.0)
    maps[0, 0, 0, 5] = 100
    assert SoftArgmax()(maps).tolist() == [[1.125, -0.125]]


def test_low_precision_keeps_places():
    maps = torch.randn(2, 3, 34, 34, generator=torch.Generator().manual_seed(0))
    places = SoftArgmax()(maps.bfloat16())
    assert places.dtype == torch.float32
    assert (places - SoftArgmax()(maps)).abs().max() < 0.01


@pytest.mark.parametrize("form", ["heatmaps", "coordinates"])
def test_raw_output_becomes_pixels_of_the_frame(form):
    raw = torch.tensor([[0.5, 0.25, -1.0, 2.0, 0.0, 1.0]])
    pixels = Pixels(target(form))(raw).numpy()[0]
    for k, (x, y) in enumerate(raw.view(3, 2).tolist()):
        if form == "coordinates":
            x, y = SHAPE[k][0] + 0.1 * x, SHAPE[k][1] + 0.1 * y
        assert pixels[k] == pytest.approx([x * 48 - 0.5, y * 32 - 0.5])


def test_the_loss_is_the_mean_distance_in_units_of_the_spread():
    rng = np.random.default_rng(0)
    wanted = rng.uniform(0, 1, (4, 3, 2))
    raw = torch.from_numpy(rng.normal(size=(4, 6))).float()
    wanted[1, 2] = np.nan
    wanted[3] = np.nan
    loss = Distance(target(), 1.0)(raw, batch(wanted)).loss.item()
    places = np.array(SHAPE) + 0.1 * raw.numpy().reshape(4, 3, 2)
    distances = [
        np.linalg.norm((places[n, k] - wanted[n, k]) * [48, 32])
        for n in range(4) for k in range(3) if np.isfinite(wanted[n, k, 0])
    ]  # fmt: skip
    assert loss == pytest.approx(np.mean(distances) / (0.1 * 48), abs=0.01)


def test_a_missing_point_gives_no_gradient_and_a_perfect_one_a_finite_one():
    wanted = np.array([[*SHAPE], [*SHAPE]])
    wanted[0, 1] = np.nan
    raw = torch.zeros(2, 6, requires_grad=True)
    Distance(target(), 1.0)(raw, batch(wanted)).loss.backward()
    assert raw.grad is not None
    assert torch.isfinite(raw.grad).all()
    raw = torch.ones(2, 6, requires_grad=True)
    Distance(target(), 1.0)(raw, batch(wanted)).loss.backward()
    assert raw.grad is not None
    assert (raw.grad[0, 2:4] == 0).all()
    assert (raw.grad[1] != 0).all()


@pytest.mark.parametrize("normaliser", ["box", "a,b", "pixels"])
def test_the_metric_is_the_score(normaliser):
    rng = np.random.default_rng(0)
    wanted = rng.uniform(0, 1, (7, 3, 2))
    wanted[2, 1] = np.nan
    spec = target(normaliser=normaliser)
    raw = torch.from_numpy(rng.normal(size=(7, 6))).float()
    whole = Distance(spec, 1.0)(raw, batch(wanted))
    truth, predicted = wanted * [48, 32] - 0.5, Pixels(spec)(raw).numpy()
    errors = PointErrors.of(truth, predicted, spec).per_example
    assert (whole.numerators[0] / whole.denominators).item() == pytest.approx(errors.mean(), rel=1e-5)


def test_blind_is_the_loss_of_the_mean_places():
    rng = np.random.default_rng(0)
    train = (np.array(SHAPE) + 0.1 * rng.normal(size=(200, 3, 2))).astype(np.float32)
    goal = objective(target(), None, train, train[:1], "cpu")
    assert goal.blind == pytest.approx(goal(torch.zeros(200, 6), batch(train)).loss.item(), abs=0.01)
