"""The table of networks: one line each, in families. Reading it imports no torch."""

from __future__ import annotations

from convscope.errors import nearest
from convscope.models.clip_entries import CLIPS
from convscope.models.network_entry import UNET, Entry
from convscope.models.sequence_entries import SEQUENCES


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


def _maps(name: str, summary: str, lr: float, *, side: int = 256, axes: int = 2, encoder: str | None = None) -> Entry:
    """Return the entry of a U-Net, whose answer is a map."""
    return Entry(
        name, f"unet:{name}", summary, "Ronneberger et al. 2015" if axes == 2 else "Çiçek et al. 2016", lr,
        channels_last=True, side=side, classes=2, head="decoder", space="same", axes=axes, encoder=encoder,
    )  # fmt: skip


def unet_on(name: str) -> Entry | None:
    """Return the entry of ``unet:ENCODER``, the decoder of a U-Net on a network of the list; ``None`` for any other.

    A module ``unet`` of a user's own has other names in it.

    >>> unet_on("unet:resnet18").encoder, unet_on("unet:Net"), unet_on("resnet18")
    ('resnet18', None, None)
    """
    encoder = next((e for e in _encoders() if f"{UNET}{e.name}" == name), None)
    if encoder is None:
        return None
    return Entry(
        name, "encoders:unet", f"a class at each pixel: the decoder of a U-Net on the features of {encoder.name}",
        f"Ronneberger et al. 2015; {encoder.source}", lr=min(encoder.lr, 0.002), channels_last=True,
        channels=encoder.channels, side=max(encoder.side, 64), classes=2, head="decoder", space="same",
        encoder=encoder.name,
    )  # fmt: skip


def encoder_hint(name: str) -> str:
    """Return "; did you mean 'unet:resnet18'?" for a name that nearly is one of a U-Net on a network of the list."""
    return nearest(name, [f"{UNET}{e.name}" for e in _encoders()]) if name.startswith(UNET) else ""


def _encoders() -> list[Entry]:
    """Return the networks on whose features a U-Net decodes: those of images that give a vector."""
    return [e for e in ENTRIES if e.space is None and e.axes == 2 and e.vocabulary is None]


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
        lr=0.002, mechanism="the network",
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
            f"resnet{depth}", f"resnet:resnet{depth}", f"{depth} layers for photographs: stem of 7×7, {description}",
            "He et al. 2016", lr=0.002,
        )
        for depth, description in (
            (18, "blocks of two 3×3"), (34, "blocks of two 3×3"),
            (50, "blocks of 1×1, 3×3, 1×1"), (101, "blocks of 1×1, 3×3, 1×1"), (152, "blocks of 1×1, 3×3, 1×1"),
        )
    ),
    Entry(
        "resnet_mini", "resnet:resnet_mini", "a small residual network that fits itself to the image size",
        "He et al. 2016, Page 2018", lr=0.004, channels_last=True,
    ),
    *(
        _photographs(
            f"densenet{depth}", f"densenet:densenet{depth}", f"{depth} layers, each sees the outputs of all before it",
            "Huang et al. 2017", lr=0.002,
        )
        for depth in (121, 169, 201)
    ),
    Entry(
        "densenet", "densenet:densenet", "densely connected, to configure: growth=32, blocks=4,4,4,4, bottleneck=4",
        "Huang et al. 2017", lr=0.002, channels_last=True, side=96,
    ),
    Entry(
        "densenet_mini", "densenet:densenet_mini", "three blocks of four dense layers",
        "Huang et al. 2017", lr=0.008, channels_last=True,
    ),
    _photographs(
        "squeezenet1_0", "squeezenet:squeezenet1_0", "fire modules: few channels in, many out; no dense layer",
        "Iandola et al. 2016", lr=0.001, head="classifier",
    ),
    _photographs(
        "squeezenet1_1", "squeezenet:squeezenet1_1", "fire modules behind a smaller stem, pooled earlier",
        "Iandola et al. 2016", lr=0.001, head="classifier",
    ),
    Entry(
        "squeezenet_mini", "squeezenet:squeezenet_mini", "six fire modules with batch norm",
        "Iandola et al. 2016", lr=0.008, channels_last=True, head="classifier",
    ),
    _photographs(
        "mobilenet_v2", "mobilenet:mobilenet_v2", "inverted residuals: wide inside, one kernel a channel",
        "Sandler et al. 2018", lr=0.002,
    ),
    Entry(
        "mobilenet_v2_mini", "mobilenet:mobilenet_v2_mini", "eight inverted residuals of 16 to 96 channels",
        "Sandler et al. 2018", lr=0.004, channels_last=True,
    ),
    _photographs(
        "convnext_tiny", "convnext:convnext_tiny", "7×7 on each channel alone, layer norm, GELU",
        "Liu et al. 2022", lr=0.001,
    ),
    Entry(
        "convnext_mini", "convnext:convnext_mini", "six ConvNeXt blocks of 32 to 128 channels",
        "Liu et al. 2022", lr=0.004, channels_last=True,
    ),
    Entry(
        "unet_encoder", "unet:unet_encoder", "the contracting path of U-Net: five levels of 64 to 1,024 channels",
        "Ronneberger et al. 2015", lr=0.001, channels_last=True, side=256,
    ),
    Entry(
        "unet_encoder_mini", "unet:unet_encoder_mini", "four levels of 16 to 128 channels",
        "Ronneberger et al. 2015", lr=0.004, channels_last=True,
    ),
    _maps(
        "unet", "a class at each pixel: five levels of 64 to 1,024 channels down, and back up beside them",
        0.001, encoder="unet_encoder",
    ),
    _maps(
        "unet_mini", "a class at each pixel: four levels of 16 to 128 channels, quick to train on a CPU",
        0.004, encoder="unet_encoder_mini",
    ),
    _maps(
        "unet3d_mini", "a class at each voxel of a volume: four levels of 16 to 128 channels", 0.004, side=64, axes=3,
    ),
    _photographs(
        "alexnet", "alexnet:alexnet", "five convolutions, overlapping pooling, dense layers of 4,096",
        "Krizhevsky et al. 2012, Krizhevsky 2014", lr=0.0005, head="avgpool",
    ),
    Entry(
        "alexnet_mini", "alexnet:alexnet_mini", "AlexNet's plan for small images: 32 to 96 channels, batch norm",
        "Krizhevsky et al. 2012", lr=0.004, channels_last=True, head="avgpool",
    ),
    *(
        _photographs(
            f"vgg{depth}{end}", f"vgg:vgg{depth}{end}", f"{depth} layers{norms}: blocks of 3×3, dense layers of 4,096",
            "Simonyan, Zisserman 2015", lr=lr, head="avgpool",
        )
        for end, norms, lr in (("", "", 0.0003), ("_bn", " with batch norm", 0.001))
        for depth in (11, 13, 16, 19)
    ),
    Entry(
        "vgg_mini", "vgg:vgg_mini", "VGG-11's plan for small images: 16 to 128 channels, batch norm",
        "Simonyan, Zisserman 2015", lr=0.004, channels_last=True,
    ),
    _photographs(
        "nin", "nin:nin", "1×1 convolutions after each of AlexNet's kernels, one map a class",
        "Lin, Chen, Yan 2014", lr=0.001, head="classifier",
    ),
    Entry(
        "nin_mini", "nin:nin_mini", "network in network for small images, with batch norm",
        "Lin, Chen, Yan 2014", lr=0.004, channels_last=True, head="classifier",
    ),
    _photographs(
        "googlenet", "googlenet:googlenet", "nine inception blocks: 1×1, 3×3 and pooling side by side, batch norm",
        "Szegedy et al. 2015", lr=0.002,
    ),
    Entry(
        "googlenet_mini", "googlenet:googlenet_mini", "four inception blocks for small images",
        "Szegedy et al. 2015", lr=0.004, channels_last=True,
    ),
    *(
        Entry(
            f"{name}_mini", f"equivariant.networks:{name}_mini", description, "Cohen and Welling 2016", lr=0.004,
        )
        for name, description in (
            ("p4", "for images without an up: the same answer for every quarter turn"),
            ("p4m", "for images without an up: the same answer for every quarter turn and mirror"),
            ("plain", "the network beside p4_mini and p4m_mini: as many weights, plain convolutions"),
        )
    ),
    Entry(
        "autoencoder", "autoencoder:autoencoder", "an image through a few numbers and back",
        "Hinton, Salakhutdinov 2006", lr=0.003, channels_last=True, classes=1, space="whole",
    ),
    Entry(
        "vae", "autoencoder:vae", "an autoencoder whose numbers are drawn: images can be sampled from it",
        "Kingma, Welling 2014", lr=0.003, channels_last=True, classes=1, space="whole", bfloat16=False,
    ),
    *CLIPS,
    *SEQUENCES,
)  # fmt: skip
