"""The networks for texts, DNA and signals: a line each of the table of networks."""

from __future__ import annotations

from convscope.models.network_entry import EITHER, Entry, Form


def _texts(
    name: str, family: str, summary: str, source: str, lr: float, *, side: int = 22, classes: int = 2,
    vocabulary: int = 32, head: str = "fc", takes: tuple[Form, ...] = ("tokens",),
    mechanism: str = "convolution", bfloat16: bool = True,
) -> Entry:  # fmt: skip
    """Return the entry of a network for tokens."""
    return Entry(
        name, f"{family}:{name}", summary, source, lr, side=side, classes=classes, axes=1, vocabulary=vocabulary,
        head=head, takes=takes, mechanism=mechanism, bfloat16=bfloat16,
    )  # fmt: skip


SEQUENCES: tuple[Entry, ...] = (
    Entry(
        "conv1d", "signal:conv1d", "8 kernels over five steps, the mean of each, one linear layer",
        "the smallest useful one", 0.02, side=96, classes=2, axes=1, takes=EITHER,
        compared=(("layers", 3),),
    ),
    *(
        Entry(name, builder, description, source, lr, side=96, classes=2, head=head, axes=1)
        for name, builder, description, source, lr, head in (
            (
                "fcn", "signal:fcn", "three convolutions over 8, 5 and 3 steps, 128 to 256 wide, and their means",
                "Wang, Yan, Oates 2017", 0.004, None,
            ),
            (
                "resnet1d", "signal:resnet1d", "three residual blocks of convolutions over 8, 5 and 3 steps",
                "Wang, Yan, Oates 2017", 0.004, None,
            ),
            (
                "inception", "inception_time:inception", "kernels of 39, 19 and 9 steps side by side, six times",
                "Ismail Fawaz et al. 2020", 0.004, None,
            ),
            (
                "fixed_kernels", "fixed_kernels:fixed_kernels",
                "84 kernels that are not learned, at every dilation: how often each responds; one linear layer",
                "after Dempster et al. 2021", 0.003, None,
            ),
            (
                "tcn", "tcn:tcn", "causal convolutions, each level twice as far apart, read at the last step",
                "Bai, Kolter, Koltun 2018", 0.002, "last",
            ),
        )
    ),
    _texts(
        "text_cnn", "text", "128 kernels over four characters, the largest response of each, a hidden layer",
        "Collobert et al. 2011", lr=0.004, head="hidden",
    ),
    _texts(
        "text_cnn_wide", "text", "kernels over two to seven characters, the largest response of each", "Kim 2014",
        lr=0.002,
    ),
    _texts(
        "wide_deep", "wide_deep", "a regression on n-grams beside windows and gated recurrent units",
        "Cheng et al. 2016; Joulin et al. 2016", lr=0.003, bfloat16=False,
    ),
    _texts(
        "gru", "recurrent", "gated recurrent units in both directions, their maximum over time", "Cho et al. 2014",
        lr=0.004, takes=EITHER, mechanism="recurrence", bfloat16=False,
    ),
    _texts(
        "lstm", "recurrent", "an LSTM in both directions, its maximum over time",
        "Graves, Schmidhuber 2005", lr=0.004, takes=EITHER, mechanism="recurrence",
    ),
    _texts(
        "transformer", "transformer", "two blocks of attention over 64 numbers a step, their mean",
        "Vaswani et al. 2017", lr=0.002, takes=EITHER, mechanism="attention", bfloat16=False,
    ),
    _texts(
        "conv_dna", "dna", "for DNA: 64 kernels over 19 letters, at every place where sequences have one length",
        "Kelley et al. 2016", lr=0.003, side=60, classes=3, vocabulary=17, head="hidden",
    ),
    _texts(
        "danq", "dna", "for DNA: kernels over 19 letters, and an LSTM in both directions over their responses",
        "Quang and Xie 2016", lr=0.003, side=60, classes=3, vocabulary=17, head="hidden",
        mechanism="convolution with recurrence",
    ),
)  # fmt: skip
