"""What is usual for an input that is no image, whatever the task: one function a kind, from a set to open settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from convscope.data.dataset import Data
from convscope.data.sequences.windows import windowed
from convscope.data.transforms import ClipTransform, LogMelTransform
from convscope.errors import ConfigError
from convscope.tasks.keeping import kept
from convscope.text import count as count_of

Usual = Mapping[str, tuple[Any, str]]  # setting: its value, and why
FEW, BATCH = 1_000, 16  # signals to learn from below which so many make a step, as Wang et al. 2017 have it
OF_STRANDS = ("conv_dna", "danq")  # networks that can read both strands alike
FEW_SEQUENCES = 5_000
FIXED = "the schedule runs to its end"
STEPS, EPOCHS = 1_000, 60  # at least, of so few: below 100 signals an epoch is a handful of steps
# Before the norms of kernels that are fixed nothing is learned: all that varies there are the means of a batch.
BATCH_FIXED, STEPS_FIXED = 128, 400

BATCH_CLIPS, EPOCHS_CLIPS, STEPS_CLIPS = 32, 12, 400


def usual_of_input(data: Data, model: str | None) -> Usual:
    """Return the settings that the kind of a set's input decides where a plan leaves them open; none for images.

    ``model`` is the network that the plan names, ``None`` where it names none.
    """
    usual = BY_KIND.get(data.preprocessing.kind)
    return usual(data, model) if usual else {}


def _signals(data: Data, model: str | None) -> Usual:
    count = len(windowed(data.train, data.preprocessing))
    few: dict[str, tuple[Any, str]] = {"model": ("fcn", "three convolutions over time, for signals of any length")}
    if count < FEW:
        few["model"] = "fixed_kernels", f"{count:,} training signals are few to learn kernels from: they are fixed"
        fixed = model in (None, "fixed_kernels") and not isinstance(data.preprocessing, LogMelTransform)
        batch, steps = (BATCH_FIXED, STEPS_FIXED) if fixed else (BATCH, STEPS)
        size = "large steps, whose means are steady" if fixed else f"small steps for {count:,} training signals"
        few["batch_size"] = min(batch, count), size
        few["epochs"] = max(EPOCHS, steps // max(1, count // batch)), f"{steps:,} steps for {count:,} training signals"
        few["select"] = "last", f"{FIXED}: {count_of(len(data.valid), 'validation signal')} would choose by chance"
    if isinstance(data.preprocessing, LogMelTransform):
        augment = "shift=0.1", "a sound a little earlier or later, higher or deeper, is the same; never mirrored"
        few.pop("model")  # that of images
        return {"augment": augment, **few, **kept(data)}
    return {
        "augment": ("none", "what leaves the class of a signal as it is must be said; signals stands for usual words"),
        **few,
        **kept(data),
    }


def _texts(data: Data, _: str | None) -> Usual:
    rule = data.preprocessing
    few: dict[str, tuple[Any, str]] = {}
    if rule.dna and rule.length and rule.by == "characters":
        model = "conv_dna", "for DNA of one length: it sees where a motif stands"
        few["smoothing"] = 0.1, "sequences alike may be sites or none: nothing is learned as certain"
        if len(data.train) < FEW_SEQUENCES:
            few["batch_size"] = min(32, len(data.train)), f"small steps for {len(data.train):,} training sequences"
            few["epochs"] = 20, "the network learns few sequences by heart in more"
            few["select"] = "last", f"{FIXED}, and its end is as good as any epoch before"
    else:
        model = "text_cnn", f"windows of {rule.noun[1]}, quick and of any length"
    why = (
        "another letter may be another class, and sites read in one direction" if rule.dna else "another character may"
    )
    why += " be another class; texts stands for usual words" if not rule.dna else ""
    return {"model": model, "augment": ("none", why), **few}


def _clips(data: Data, _: str | None) -> Usual:
    rule = data.preprocessing
    if not isinstance(rule, ClipTransform):
        return {}  # volumes of which each voxel is learned
    count, noun = len(data.train), rule.example
    if rule.kind == "video":
        model = "r2plus1d_mini", "convolutions over space and time in turn, quick on a CPU"
        why = "a mirrored or shifted clip may show another motion; what leaves the class as it is must be said"
    else:
        model = "resnet3d_mini", "a small residual network over all three axes"
        why = "what leaves the target of a volume as it is must be said"
    return {
        "model": model,
        "augment": ("none", why),
        "batch_size": (min(BATCH_CLIPS, count), f"small steps: a {noun} holds {rule.frames} {rule.words[0]}s"),
        "epochs": (max(EPOCHS_CLIPS, -(-STEPS_CLIPS * BATCH_CLIPS // count)), f"for {count:,} training {noun}s"),
    }


BY_KIND: dict[str, Callable[[Data, str | None], Usual]] = {
    "signal": _signals, "text": _texts, "video": _clips, "volume": _clips,
}  # fmt: skip


def refuse_strands(model: str, data: Data) -> None:
    """Raise ``ConfigError`` where ``strand_symmetric`` means nothing: texts that are no DNA, and other networks."""
    rule = data.preprocessing
    if rule.kind != "text" or not rule.dna or rule.by != "characters":
        what = f"tokens are {rule.noun[1]}" if rule.kind == "text" else f"inputs are {rule.kind}s"
        raise ConfigError(
            f"--strand-symmetric is for DNA, letter by letter; {data.name}: its {what}; leave it out (--tokens dna "
            "says that texts are DNA)"
        )
    if model not in OF_STRANDS:
        raise ConfigError(
            f"--strand-symmetric is for {' and '.join(OF_STRANDS)}, whose kernels read both strands; {model} cannot; "
            f"take --model {OF_STRANDS[0]}, or leave it out"
        )
