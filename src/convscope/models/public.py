"""Weights that others have published for the networks here: where they lie, and what an image must be scaled to.

All are PyTorch's own of ImageNet's 1,000 classes, in their first edition ("V1"). The eight digits in a file's name are
the first of its SHA-256; a file with others is refused.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from convscope.data.download import STEP, Progress, download
from convscope.data.ingest import store
from convscope.errors import ConfigError, Error

BASE = "https://download.pytorch.org/models"
IMAGENET_MEAN, IMAGENET_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # 255 × (0.485, ...), (0.229, ...)


@dataclass(frozen=True)
class Public:
    """One file of published weights: how its SHA-256 begins, and the images it was trained on.

    ``mean`` and ``std`` are of red, green and blue in raw units 0..255; ``side`` is in pixels.
    """

    url: str
    sha256: str
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    side: int = 224


def _imagenet(file: str) -> Public:
    return Public(f"{BASE}/{file}.pth", file.rpartition("-")[2])


PUBLIC: dict[str, Public] = {
    "alexnet": _imagenet("alexnet-owt-7be5be79"),
    "vgg11": _imagenet("vgg11-8a719046"),
    "vgg11_bn": _imagenet("vgg11_bn-6002323d"),
    "vgg13": _imagenet("vgg13-19584684"),
    "vgg13_bn": _imagenet("vgg13_bn-abd245e5"),
    "vgg16": _imagenet("vgg16-397923af"),
    "vgg16_bn": _imagenet("vgg16_bn-6c64b313"),
    "vgg19": _imagenet("vgg19-dcbb9e9d"),
    "vgg19_bn": _imagenet("vgg19_bn-c79401a0"),
    # trained on images scaled to -1..1
    "googlenet": replace(_imagenet("googlenet-1378be20"), mean=(127.5, 127.5, 127.5), std=(127.5, 127.5, 127.5)),
    "resnet18": _imagenet("resnet18-f37072fd"),
    "resnet34": _imagenet("resnet34-b627a593"),
    "resnet50": _imagenet("resnet50-0676ba61"),
    "resnet101": _imagenet("resnet101-63fe2227"),
    "resnet152": _imagenet("resnet152-394f9c45"),
    "densenet121": _imagenet("densenet121-a639ec97"),
    "densenet169": _imagenet("densenet169-b2777c0a"),
    "densenet201": _imagenet("densenet201-c1103571"),
    "squeezenet1_0": _imagenet("squeezenet1_0-b66bff10"),
    "squeezenet1_1": _imagenet("squeezenet1_1-b8a52dc0"),
    "mobilenet_v2": _imagenet("mobilenet_v2-b0353104"),
    "convnext_tiny": _imagenet("convnext_tiny-983f1562"),
}


def fetch(name: str, cache: str | Path | None = None, progress: Progress | None = None) -> Path:
    """Return the file of a network's public weights, from the folder ``cache`` (None: the usual) or downloaded into it.

    Raises:
        ConfigError: this network has no public weights.
        DataError: no connection, or another file than published; says how to place it by hand.
        Error: the cache cannot be written.
    """
    if name not in PUBLIC:
        raise ConfigError(
            f"no public weights are known of {name!r}; name a file with --pretrained FILE, or one of these networks: "
            f"{', '.join(PUBLIC)}"
        )
    public = PUBLIC[name]
    path = store.directory(cache) / "weights" / public.url.rpartition("/")[2]

    def check(file: Path) -> str:
        digest = sha256(file)[: len(public.sha256)]
        return "" if digest == public.sha256 else f"expected a SHA-256 that begins {public.sha256}, found {digest}"

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or check(path):
            by_hand = (
                f"get it in another way and put it there: {path} (its SHA-256 begins {public.sha256}), or name the "
                "file with --pretrained FILE"
            )
            download(public.url, path, check, what=f"weights of {name}", by_hand=by_hand, progress=progress)
    except OSError as error:
        raise Error(
            f"{path.parent} cannot be written ({error.strerror}); name another folder with --cache DIR"
        ) from None
    return path


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while data := stream.read(STEP):
            digest.update(data)
    return digest.hexdigest()
