"""The table of networks: one line each, in families. Reading it imports no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One network: where its builder stands, what it is in a line, where it comes from, and how it likes to be trained.

    ``lr`` is AdamW's highest rate; ``channels_last`` says that its layers run faster with the channels innermost in
    memory. ``channels``, ``side`` and ``classes`` are what it was published for: parameters and cost are told for
    them. ``head`` names the first of the network's children that belong to the classes and not to the features, where
    that is not the first one that pools to one value a channel or flattens the maps.
    """

    name: str
    builder: str
    summary: str
    source: str
    lr: float
    channels_last: bool = False
    channels: int = 1
    side: int = 28
    classes: int = 10
    head: str | None = None


def _photographs(
    name: str,
    builder: str,
    summary: str,
    source: str,
    lr: float,
    *,
    channels_last: bool = True,
    head: str | None = None,
) -> Entry:
    """Return the entry of a network that was published for the 1,000 classes of ImageNet."""
    return Entry(name, builder, summary, source, lr, channels_last, channels=3, side=224, classes=1000, head=head)


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "lenet", "lenet:lenet", "two convolutions of 32 kernels, SELU, a hidden layer of 256, dropout",
        "LeCun et al. 1998, widened", lr=0.004, channels_last=True,
    ),
    Entry(
        "lenet5", "lenet:lenet5", "the original: 6 and 16 kernels of 5×5, tanh, average pooling, 120-84",
        "LeCun et al. 1998", lr=0.005,
    ),
    Entry(
        "tiny", "lenet:tiny", "two convolutions of 8 and 16 kernels of 3×3, one linear layer",
        "the smallest useful CNN", lr=0.01, side=16,
    ),
    Entry(
        "mlp", "mlp:mlp", "no convolution at all: the pixels through two hidden layers", "the baseline to beat",
        lr=0.002,
    ),
    Entry(
        "single_kernel", "detector:single_kernel", "one kernel, its largest response, one weight: for two classes",
        "a hand-made detector, learned", lr=0.05, classes=2,
    ),
    *(
        Entry(
            f"resnet{depth}", f"resnet:resnet{depth}", f"{depth} layers for images of about 32×32",
            "He et al. 2016, CIFAR", lr=0.004, channels_last=True, channels=3, side=32,
        )
        for depth in (20, 32, 44, 56, 110)
    ),
    *(
        _photographs(
            f"resnet{depth}", f"resnet:resnet{depth}", f"{depth} layers for photographs: stem of 7×7, {what}",
            "He et al. 2016", lr=0.002,
        )
        for depth, what in (
            (18, "blocks of two 3×3"), (34, "blocks of two 3×3"),
            (50, "blocks of 1×1, 3×3, 1×1"), (101, "blocks of 1×1, 3×3, 1×1"), (152, "blocks of 1×1, 3×3, 1×1"),
        )
    ),
    Entry(
        "resnet_mini", "resnet:resnet_mini", "a small residual network that fits itself to the image size",
        "He et al. 2016, Page 2018", lr=0.004, channels_last=True,
    ),
)  # fmt: skip
