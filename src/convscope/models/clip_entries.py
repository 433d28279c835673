"""The networks for clips and for volumes with one answer: a line each of the table of networks."""

from __future__ import annotations

from convscope.models.network_entry import Entry


def _clips(
    name: str, family: str, summary: str, source: str, lr: float, *, mechanism: str = "convolution",
    head: str | None = "avgpool", flat: str | None = None,
) -> Entry:  # fmt: skip
    """Return the entry of a network for (channels, frames, height, width)."""
    return Entry(
        name, f"{family}:{name}", summary, source, lr, channels_last=True, side=32, head=head, axes=3,
        mechanism=mechanism, flat=flat,
    )  # fmt: skip


CLIPS: tuple[Entry, ...] = (
    _clips(
        "r2plus1d_mini", "r2plus1d", "for clips: convolutions over space and over time in turn, residual",
        "Tran et al. 2018", 0.008,
    ),
    _clips("c3d_mini", "c3d", "for clips: four convolutions of 3×3×3, and pooling", "Tran et al. 2015", 0.008),
    _clips(
        "frame_average", "frames", "for clips: a residual network on each frame, the mean over time",
        "Karpathy et al. 2014", 0.004, flat="resnet_mini",
    ),
    _clips(
        "frame_gru", "frames", "for clips: a residual network on each frame, gated recurrent units over time",
        "Donahue et al. 2015", 0.004, mechanism="convolution with recurrence", head="gru", flat="resnet_mini",
    ),
    _clips(
        "resnet3d_mini", "inflated", "for volumes and clips: resnet_mini with a third axis",
        "He et al. 2016; Carreira, Zisserman 2017", 0.004, flat="resnet_mini", head=None,
    ),
    _clips(
        "lenet3d", "inflated", "for volumes and clips: LeNet's plan with a third axis", "LeCun et al. 1998, widened",
        0.004, head="flatten",
    ),
)  # fmt: skip
