# ---
# title: Convolutions by hand, and which network for a sequence
# source: the imaging and sequence lab
# data: dna
# measured: 49 s of processor time
# ---

# %% [markdown]
# # Convolutions by hand, and which network for a sequence
#
# ## Goal
#
# Compute a convolution by hand in one and in two dimensions, build the two smallest networks made of them, and find
# out which kind of network suits a biological sequence: a convolution, a recurrent network or a transformer.

# %% [markdown]
# ## Approach
#
# Every number comes from convscope: `cs.ops` are the operations in NumPy, `cs.scratch` networks made of them, and
# `cs.train` trains, tests and reports. The last section of Execution makes three usual mistakes on purpose.

# %% tags=["parameters"]
DATA_ROOT = None  # the folder above those of the data sets; None: $CONVSCOPE_DATA
SHORT = False  # True shortens trainings, and leaves out the checks of what they reach

# %%
import tempfile
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer
from torch import nn

import convscope as cs
from convscope import labs, ops, scratch

folder = Path(tempfile.mkdtemp())  # for the trained networks

# %% [markdown]
# ## Execution
#
# ### Two dimensions: a square in noise
#
# A 16 × 16 image, 0 with a square of ones in the rows and columns 5 to 10 (counted from 1), and noise of standard
# deviation 0.1. The kernel is −1 with 8 in the middle: each pixel against its eight neighbours.

# %%
rng = np.random.default_rng(0)
clean = np.zeros((16, 16))
clean[4:10, 4:10] = 1
image = clean + rng.normal(0, 0.1, clean.shape)
kernel = ops.kernels.surround()
response = ops.correlate(image[None, None], kernel)[0, 0]  # images are (N, C, H, W): one image, one channel
labs.pictures({"image": image, "kernel": kernel[0, 0], "response": response}, across=3)

# %% [markdown]
# One number of it, by hand: nine products and their sum. The window begins at row 3, column 3 (from 0), the corner of
# the square.

# %%
window = image[3:6, 3:6]
products = window * kernel[0, 0]
by_hand = products.sum()
labs.pictures({"window": window, "window × kernel": products}, numbers=True, across=2)

# %% [markdown]
# ### One dimension: where a pulse rises and falls
#
# Ten zeros, five ones, ten zeros, and the kernel (−1, 1): each number minus the one before it.

# %%
pulse = np.repeat([0.0, 1.0, 0.0], [10, 5, 10])
edges = ops.correlate(pulse[None, None], ops.kernels.edge(rising=True))[0, 0]
labs.lines({"pulse": np.append(pulse, np.nan)[:25], "response": np.append(edges, np.nan)}, across="position")

# %% [markdown]
# ### The smallest networks
#
# For 16 × 16 images: convolution 1 → 8, ReLU, max-pool, convolution 8 → 16, ReLU, max-pool, 16 · 4 · 4 numbers to 10
# scores. For sequences: convolution 1 → 8 over five steps, ReLU, the mean of each channel, 8 → 1.

# %%
images_net = scratch.Sequential(
    scratch.Conv(1, 8, 3, padding=1), scratch.ReLU(), scratch.MaxPool(2),
    scratch.Conv(8, 16, 3, padding=1), scratch.ReLU(), scratch.MaxPool(2),
    scratch.Flatten(), scratch.Linear(16 * 4 * 4, 10),
)  # fmt: skip
sequence_net = scratch.Sequential(
    scratch.Conv(1, 8, (5,), padding=2), scratch.ReLU(), scratch.GlobalAvgPool(), scratch.Linear(8, 1)
)
cs.inspect("tiny")

# %% [markdown]
# The first is in the list of networks as `tiny`, the second as `conv1d`. Both learn in seconds, on generated images
# and signals whose answer is known.

# %%
epochs = 1 if SHORT else 8
squares = cs.train("squares", "tiny", epochs=epochs, lr=0.01, baselines=False, quiet=True, out=folder / "squares")
steps = cs.train("steps", "conv1d", epochs=epochs, lr=0.03, baselines=False, quiet=True, out=folder / "steps")
for run in (squares, steps):
    print(run)

# %% [markdown]
# ### When to use which
#
# Splice junctions: 60 letters of DNA around a point, which is where an intron begins, where one ends, or neither. The
# three networks learn from the same examples, in the same number of passes, and are tested on the same others.

# %%
dna = labs.find("dna", DATA_ROOT)
if dna is None:
    print(labs.missing("dna"))
else:
    networks = ("conv_dna",) if SHORT else ("conv_dna", "gru", "transformer")
    series = cs.train_series(
        dna, networks, epochs=1 if SHORT else 2, baselines=False, quiet=True, out=folder / "networks"
    )
    for run in series.runs:
        accuracy, seconds = run.metrics["accuracy"], run.metrics["seconds"]["training"]
        said = f"accuracy {accuracy['value']:.3f} ({accuracy['low']:.3f} to {accuracy['high']:.3f})"
        print(f"{run.spec.model:12} {run.weights:9,} weights  {seconds:5.1f} s of training  {said}")
    print(series.comparison)

# %% [markdown]
# The intervals overlap: of these examples none of the three is shown to be better. What differs is what they cost.
# The convolution is the first choice where what matters is a short pattern near a known place, as here; a recurrent
# network or a transformer where far positions must be put together.

# %% [markdown]
# ### Pitfall 1: a convolution on a table
#
# The 30 columns of a table of tumour measurements have no order. A convolution over them believes that neighbouring
# columns belong together. One linear layer believes nothing, and does better, in whichever order the columns stand.

# %%
table, labels = load_breast_cancer(return_X_y=True)
table = (table - table.mean(0)) / table.std(0)
order = np.random.default_rng(0).permutation(len(table))
table, labels = table[order], labels[order]
shuffled = np.random.default_rng(5).permutation(table.shape[1])


def tested(net, x):
    """Train on the first 400 rows, return the accuracy on the other 169."""
    adam = scratch.Adam(0.01)
    scratch.fit(net, x[:400], labels[:400], loss=scratch.cross_entropy, optimiser=adam, epochs=30, batch_size=16)
    return scratch.evaluate(net, x[400:], labels[400:], loss=scratch.cross_entropy)[1]


def conv(seed):
    """Return a convolution over five columns, the largest answer of each of 8 kernels, two scores."""
    return scratch.Sequential(
        scratch.Conv(1, 8, (5,), padding=2), scratch.ReLU(), scratch.GlobalMaxPool(), scratch.Linear(8, 2), seed=seed
    )


on_table = {
    name: {
        "convolution": np.mean([tested(conv(seed), table[:, None, columns]) for seed in range(3)]),
        "one linear layer": np.mean([
            tested(scratch.Sequential(scratch.Linear(30, 2), seed=seed), table[:, columns]) for seed in range(3)
        ]),
    }
    for name, columns in {"columns as given": np.arange(30), "columns shuffled": shuffled}.items()
}  # fmt: skip
for name, scores in on_table.items():
    print(name, *(f"   {net} {score:.3f}" for net, score in scores.items()))

# %% [markdown]
# ### Pitfall 2: the forgotten axis
#
# Images are (N, C, H, W). PyTorch also takes (C, H, W), and so a batch of three grey images without its channel axis
# passes for one image of three channels: no error, and one answer for three images. The operations here take no
# guess.

# %%
batch = rng.random((3, 16, 16)).astype(np.float32)  # three grey images; the channel axis is missing
silent = nn.Conv2d(3, 8, 3)(torch.from_numpy(batch))
print("PyTorch takes it for one image:", tuple(silent.shape))
try:
    ops.correlate(image, kernel)  # no batch and no channel
    told = ""
except cs.ShapeError as error:
    told = str(error)
print("convscope:", told)
right = ops.correlate(batch[:, None], kernel.astype(np.float32))
print("with its channel axis:", right.shape)

# %% [markdown]
# ### Pitfall 3: sequence models compared without their tokens
#
# "This network got 0.6, that one 0.7" says nothing where they did not read the same tokens. The same DNA, read by
# letters and by runs of three letters, is another input: other length, other vocabulary, other weights, another
# score.

# %%
if dna is None:
    print(labs.missing("dna"))
else:
    by_tokens = {}
    for tokens in ("dna", "kmers:3"):
        seen = cs.load(dna, tokens=tokens).preprocessing.input
        by_tokens[tokens] = (seen.space[0], seen.vocabulary)
        print(f"{tokens:8} {seen.space[0]} tokens of {seen.vocabulary} kinds")
        if not SHORT:
            at = folder / tokens.replace(":", "-")
            run = cs.train(dna, "text_cnn", tokens=tokens, epochs=4, baselines=False, quiet=True, out=at)
            print(f"{'':8} {run.weights:,} weights, accuracy {run.metrics['accuracy']['value']:.3f}")

# %% [markdown]
# ## Check

# %%
assert response.shape == (14, 14)
assert np.isclose(response[3, 3], by_hand), "the sum of nine products"
noiseless = ops.correlate(clean[None, None], kernel)[0, 0]
boundary = noiseless != 0
on, elsewhere = (np.abs(response[places]).mean() for places in (boundary, ~boundary))
assert on > 3 * elsewhere, "concentrated on the boundary"
print(f"mean size on the boundary {on:.2f}, elsewhere {elsewhere:.2f}")

# %%
assert edges.shape == (24,)
assert np.flatnonzero(edges).tolist() == [9, 14] and edges[[9, 14]].tolist() == [1, -1]

# %%
assert images_net.forward(np.zeros((5, 1, 16, 16))).shape == (5, 10)
assert images_net.weights.size == cs.inspect("tiny").totals.parameters == 3818
assert [sequence_net.forward(np.zeros((2, 1, n))).shape for n in (5, 100)] == [(2, 1), (2, 1)], "any length"
assert sequence_net.weights.size == 8 * 5 + 8 + 8 + 1

# %%
assert "add a batch or channel axis" in told
assert tuple(silent.shape) == (8, 14, 14), "one answer of 8 channels, where three images were meant"
assert right.shape == (3, 1, 14, 14)
for scores in on_table.values():
    assert scores["one linear layer"] > scores["convolution"], "the convolution wastes its belief in neighbours"
if dna is not None:
    (length, kinds), (length_3, kinds_3) = by_tokens["dna"], by_tokens["kmers:3"]
    assert (length, length_3) == (60, 58) and kinds_3 > kinds

# %%
if not SHORT:
    assert squares.metrics["accuracy"]["value"] > 0.9 and steps.metrics["accuracy"]["value"] > 0.9
    if dna is not None:
        assert all(run.metrics["accuracy"]["value"] > 0.9 for run in series.runs), "far above half, the largest class"

# %% [markdown]
# ## Report
#
# Write down, with the numbers from above:
#
# 1. At which places the square's response is not zero, and why the inside of the square is dark.
# 2. Which of the three networks you would take for splice junctions: accuracy with its interval, seconds, weights,
#    and the tokens that they read.
# 3. One set of your own data, and which of the three beliefs it fits: neighbours belong together, order matters, or
#    neither.
#
# To go on: `convscope explore` shows the window as it walks; `convscope train DATA --model conv_dna,gru,transformer
# --seeds 3` says whether a difference is beyond chance.
