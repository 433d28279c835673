"""The report of reconstruction: its sections, and what they are made from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from convscope.data.spec import Pixels
from convscope.report.contents import Contents
from convscope.report.section import Judged, Section, TaskReport
from convscope.report.sections import run
from convscope.report.sections.reconstruction.contents import GivenBack, Pair
from convscope.tasks.reconstruction.evidence import PixelErrors
from convscope.tasks.reconstruction.target import encode

EACH = 12  # images shown of the best, of the middle and of the worst
CODED, WALKS, STEPS, DRAWN = 2_000, 6, 12, 60


def sections(contents: Contents) -> list[Section]:
    """Return the page of a run that gives images back."""
    from convscope.report.figures import reconstruction as figures
    from convscope.report.figures import samples

    bound = contents.own.drawn is not None
    drawn = Section(
        "drawn", "Drawn images", "reconstruction/drawn.html.jinja", "Codes from the prior, as pictures",
        figures={"drawn": figures.drawn.draw, "latents": figures.latents.draw},
    )  # fmt: skip
    return [
        run.scores(contents),
        Section(
            "pairs", "Images and reconstructions", "reconstruction/pairs.html.jinja", "What is lost on the way",
            figures={"pairs": figures.pairs.draw},
        ),
        *([drawn] if bound else []),
        Section(
            "codes", "What lies between", "reconstruction/codes.html.jinja", "The code of an image",
            figures={"codes": figures.codes.draw, "walks": figures.walks.draw},
        ),
        *run.background(contents, {"samples": samples.draw}),
    ]  # fmt: skip


def own(judged: Judged) -> GivenBack:
    """Return what the sections need, from the reconstructions (n, C, H, W) of the judged split."""
    split, target = judged.split, judged.target
    errors = PixelErrors.of(split.target, judged.predictions, target).squared
    order = np.argsort(errors, kind="stable")
    middle = max(0, len(order) // 2 - EACH // 2)
    chosen = {"best": order[:EACH], "middle": order[middle : middle + EACH], "worst": order[::-1][:EACH]}

    def pair(at: int) -> Pair:
        image = encode(split.input.take(np.array([at])), target)[0]
        return Pair(image, np.asarray(judged.predictions[at]), float(errors[at]), str(split.ids[at]))

    pairs = tuple((name, tuple(pair(int(at)) for at in rows)) for name, rows in chosen.items())
    shown = GivenBack(pairs, errors)
    return _with_codes(shown, judged, target) if hasattr(judged.model, "decode") else shown


def _with_codes(shown: GivenBack, judged: Judged, target: Pixels) -> GivenBack:
    import torch

    from convscope.tasks.reconstruction.objective import ToPixels

    split, model = judged.split, judged.model
    at = np.unique(np.linspace(0, len(split) - 1, min(CODED, len(split))).astype(int))
    with torch.inference_mode():
        x = judged.data.preprocessing.tensor(split.input.take(at))
        codes = torch.cat([model.encode(part) for part in x.split(250)])
        ends = codes[torch.linspace(0, len(codes) - 1, 2 * WALKS).long()].unflatten(0, (WALKS, 2))
        ways = torch.linspace(0, 1, STEPS)[None, :, None]
        between = ends[:, :1] * (1 - ways) + ends[:, 1:] * ways
        walks = ToPixels()(model.decode(between.flatten(0, 1))).unflatten(0, (WALKS, STEPS)).numpy()
        drawn = None
        if target.form == "elbo":
            prior = torch.randn((DRAWN, codes.shape[1]), generator=torch.Generator().manual_seed(0))
            drawn = ToPixels()(model.decode(prior)).numpy()
    plane, shares = _plane(codes.double().numpy())
    kinds, names = split[at].kinds or (None, ())
    return replace(shown, codes=plane, shares=shares, kinds=kinds, names=names, walks=walks, drawn=drawn)


def _plane(codes: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """Return the first two principal components (m, 2) of codes (m, k), and the share of variance of each."""
    centred = codes - codes.mean(0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    plane = np.zeros((len(codes), 2))
    plane[:, : len(sizes)] = (left * sizes)[:, :2]
    share = [*(sizes**2 / max((sizes**2).sum(), 1e-30)).tolist(), 0.0]
    return plane, (share[0], share[1])


REPORT = TaskReport(sections, own)
