# ---
# title: What convolutional networks are for: detect, classify, screen, segment, generate, transfer
# source: the lecture on convolutional networks in applied machine learning
# data: faces, lung
# measured: 43 s of processor time
# ---

# %% [markdown]
# # What convolutional networks are for
#
# ## Goal
#
# From one kernel that is laid over an image to the tasks that networks of such kernels are used for: detecting,
# classifying, screening, finding points, segmenting, generating, transferring. Each with the numbers of the lecture,
# and with two of them put right.

# %% [markdown]
# ## Approach
#
# Small networks are written with `cs.scratch` (NumPy), so that every step can be opened; larger ones are trained by
# `cs.train`. Generated images come with the package; photographs of faces and tiles of lung tissue are used where
# they are found.

# %% tags=["parameters"]
DATA_ROOT = None  # the folder above those of the data sets; None: $CONVSCOPE_DATA
SHORT = False  # True shortens trainings, and leaves out the checks of what they reach

# %%
import tempfile
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits

import convscope as cs
from convscope import labs, models, ops, scratch
from convscope.data.augment import Policy
from convscope.data.synthetic import make
from convscope.data.synthetic.angles import handmade_kernel
from convscope.report.augmented import augmented

folder = Path(tempfile.mkdtemp())  # for the trained networks

# %% [markdown]
# ## Execution
#
# ### An image is numbers; a kernel is matched with it
#
# Grey values are 0 to 255, and are divided by 255, once. Then a stroke of 0.9 on 0.1, from bottom left to top right,
# is matched with itself and with its mirror image: multiply what lies on top of each other, and add up.

# %%
grey = load_digits().images / 16 * 255
scaled = grey / 255
stroke = ops.kernels.anti_diagonal()
itself = ops.correlate(stroke, stroke).item()
mirrored = ops.correlate(stroke[..., ::-1], stroke).item()
large_products = 3 * 0.9**2
print(f"on itself {itself:.2f} (its three large products {large_products:.2f}), on the mirror image {mirrored:.2f}")
one = stroke[0, 0]
labs.pictures({"stroke": one, "mirrored": one[:, ::-1], "products": one * one}, numbers=True)

# %% [markdown]
# ### A detector by hand, and one that is learned
#
# Is there a ∧ in the noise? The hand-made detector lays one kernel everywhere and keeps its largest answer. The
# learned one begins with any 11 × 11 numbers, and has a weight and a threshold behind the largest answer: 124
# weights.

# %%
pixels, labels, classes, split = make("angles")
angles = pixels.transpose(0, 3, 1, 2) / 255
train = split == "train"
angles = (angles - angles[train].mean()) / angles[train].std()
by_hand = ops.global_max_pool(ops.correlate(angles, handmade_kernel()[None, None])).ravel()
hand_accuracy = ((by_hand > np.median(by_hand)) == (labels == 1)).mean()

detector = scratch.Sequential(scratch.Conv(1, 1, 11), scratch.GlobalMaxPool(), scratch.Linear(1, 1))
detector[2].parameters["weight"][...] = 1  # look for the ∧ itself, not for what the others have
scratch.fit(
    detector, angles[train], labels[train, None], loss=scratch.binary_cross_entropy, optimiser=scratch.Adam(0.01),
    epochs=1 if SHORT else 8, batch_size=32,
)  # fmt: skip
held_out = angles[~train], labels[~train, None]
learned_accuracy = scratch.evaluate(detector, *held_out, loss=scratch.binary_cross_entropy)[1]
print(f"by hand {hand_accuracy:.4f}, learned {learned_accuracy:.4f}")
labs.pictures({
    "with ∧": angles[labels == 1][0, 0], "without": angles[labels == 0][0, 0],
    "drawn by hand": handmade_kernel(), "learned": detector[0].parameters["kernel"][0, 0],
}, across=4)  # fmt: skip

# %% [markdown]
# ### Where the object stands must not matter
#
# Digits of 8 × 8, each at a random place in 16 × 16. The convolution is told that a stroke is a stroke wherever it
# stands; the fully connected network has to see every digit at every place.

# %%
digits = load_digits()
order = np.random.default_rng(0).permutation(len(digits.target))
small, truth = digits.images[order, None] / 16, digits.target[order]
places = np.random.default_rng(1).integers(0, 9, (len(small), 2))
placed = np.zeros((len(small), 1, 16, 16))
for image, digit, (row, column) in zip(placed, small, places, strict=True):
    image[:, row : row + 8, column : column + 8] = digit


def cnn():
    """Return two convolutions and the largest answer of each of 32 kernels: 5,130 weights."""
    return scratch.Sequential(
        scratch.Conv(1, 16, 3), scratch.LeakyReLU(), scratch.MaxPool(2), scratch.Conv(16, 32, 3), scratch.LeakyReLU(),
        scratch.GlobalMaxPool(), scratch.Linear(32, 10),
    )  # fmt: skip


def dense():
    """Return a hidden layer of 64: 17,098 weights."""
    return scratch.Sequential(scratch.Flatten(), scratch.Linear(256, 64), scratch.LeakyReLU(), scratch.Linear(64, 10))


def learn(net, x, y, epochs):
    """Train with Adam in batches of 16."""
    adam = scratch.Adam(0.01)
    scratch.fit(net, x, y, loss=scratch.cross_entropy, optimiser=adam, epochs=epochs, batch_size=16)
    return net


def right(net, x, y):
    """Return the share of right answers."""
    return scratch.evaluate(net, x, y, loss=scratch.cross_entropy)[1]


bias = {}
for number in (100, 300, 1000):
    passes = 6000 // number
    taught = [learn(net(), placed[:number], truth[:number], passes) for net in (cnn, dense)]
    bias[number] = [right(net, placed[1200:], truth[1200:]) for net in taught]
    print("{:5} training images: convolution {:.3f}, fully connected {:.3f}".format(number, *bias[number]))

# %%
moved = np.zeros((1, 1, 24, 24), np.float32)
moved[..., 4:12, 4:12] = small[0]
kernels = cnn()[0].parameters["kernel"]
before = ops.global_max_pool(ops.correlate(moved, kernels))
after = ops.global_max_pool(ops.correlate(np.roll(moved, (7, 5), (2, 3)), kernels))
print("largest answers, before and after a shift by 7 and 5:", np.abs(before - after).max(), "apart")

# %% [markdown]
# ### Kernel, stride, padding, dilation, groups
#
# 256 × 256 under a convolution k3 s2 p1 and a max-pool k4 s1. And what the other two do: dilation spreads the kernel,
# groups keep channels apart.

# %%
shape = ops.PRIMITIVES["correlate"].shape
conv = shape((1, 3, 256, 256), (8, 3, 3, 3), stride=2, padding=1)
pooled = ops.PRIMITIVES["max_pool"].shape(conv, size=4, stride=1)
dilated = shape((1, 3, 256, 256), (8, 3, 3, 3), dilation=2)
grouped = ops.correlate(np.ones((1, 4, 8, 8)), np.ones((8, 2, 3, 3)), groups=2)  # kernels see two channels, not four
print(conv, "->", pooled, "   dilated:", dilated, "   in groups:", grouped.shape)

# %% [markdown]
# Padding has modes: zeros, the border repeated, mirrored, or the other side.

# %%
line = np.arange(1.0, 6.0)[None, None]
for mode in ("zeros", "replicate", "reflect", "circular"):
    print(f"{mode:10}", ops.pad(line, 2, mode=mode).ravel().astype(int).tolist())

# %% [markdown]
# ### A loss that overflows, and the same one written right
#
# The lecture computes p = e^z / (e^z + e^−z), and then its logarithm. At z = 800 both exponentials are beyond the
# largest number; log p is the log-sigmoid of 2z, which is always a number.

# %%
z = np.array([-800.0, -1.0, 0.0, 1.0, 800.0])
with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
    wrong = np.log(np.exp(z) / (np.exp(z) + np.exp(-z)))
stable = -ops.softplus(-2 * z)  # log sigmoid(2z)
print("as written:", wrong, "\nlog-sigmoid:", stable)

# %% [markdown]
# ### Screening: what a mistake costs
#
# Tiles of lung tissue, tumour or not. A screening test is not judged by accuracy: of those with a tumour, how many
# are found (sensitivity); of those without, how many are let go (specificity); and how many are missed.

# %%
lung = labs.find("lung", DATA_ROOT)
if lung is None:
    print(labs.missing("lung"))
else:
    tiles = cs.load(lung, img_size=32)
    names = tiles.columns[tiles.targets[0]].spec.names
    parts = {"train": tiles.train, "valid": tiles.valid, "test": tiles.test}
    screened = cs.from_arrays(
        np.concatenate([np.moveaxis(part.images(), 1, -1) for part in parts.values()]),
        np.concatenate([np.where(part.labels == names.index("lung_n"), "normal", "tumour") for part in parts.values()]),
        splits=np.concatenate([[name] * len(part) for name, part in parts.items()]),
    )
    screening = cs.train(
        screened, "lenet", epochs=1 if SHORT else 4, positive="tumour", baselines=False, quiet=True,
        out=folder / "screening",
    )  # fmt: skip
    test = screening.metrics["binary"]
    (cleared, false_alarm), (missed, found) = screening.metrics["confusion"]
    for name in ("sensitivity", "specificity", "ppv", "npv", "average_precision"):
        print(f"{name:18} {test[name]['value']:.3f} ({test[name]['low']:.3f} to {test[name]['high']:.3f})")
    print(f"{missed} tumours missed, {false_alarm} false alarms, of {cleared + false_alarm + missed + found} tiles")

# %% [markdown]
# ### Points of a face
#
# Regression, not classification: 68 points, 136 numbers an image, from a table. The error is the mean distance from
# the true points, in distances of the outer eye corners. With 69 photographs and seconds of training it is a
# beginning; beside it stands what always answering the mean face gives.

# %%
faces = labs.find("faces", DATA_ROOT)
if faces is None:
    print(labs.missing("faces"))
else:
    landmarks = cs.train(faces, epochs=2 if SHORT else 30, crop_points=0.2, quiet=True, out=folder / "faces")
    nme = landmarks.metrics["nme"]["value"]
    beside = {each["name"]: each["nme"]["value"] for each in landmarks.metrics["baselines"]}
    (answer,) = landmarks.predict([min(faces.glob("*.jpg"))])
    print(f"error {nme:.3f};", ", ".join(f"{name} {each:.3f}" for name, each in beside.items()))
    print(len(answer.points), "points of", Path(answer.input).name)

# %% [markdown]
# ### Segmentation: tracks of particles in a CCD
#
# A U-Net goes down, up again by transposed convolutions, and takes along what it saw on the way down: its output is
# as large as its input, a class for every pixel.

# %%
unet = cs.inspect("unet_mini", (1, 128, 128))
print("output", unet.layers[-1].shape, "of an input of (1, 128, 128)")
tracks = cs.train("tracks", "unet_mini", epochs=1 if SHORT else 2, baselines=False, quiet=True, out=folder / "tracks")
frame = cs.load("tracks").test[0]
(mask,) = tracks.predict([frame.image])
print(tracks, mask.arrays["classes"].shape)
labs.pictures({"frame": frame.image[..., 0], "tracks found": mask.arrays["classes"]}, across=2)

# %% [markdown]
# ### Generation: from a bottleneck to an image
#
# Two convolutions squeeze a digit into 10 numbers, two transposed convolutions make an image of these. It is judged
# by the squared error; the mean image is what one gets without looking.

# %%
coder = scratch.Sequential(
    scratch.Conv(1, 16, 4, stride=2, padding=1), scratch.LeakyReLU(), scratch.Conv(16, 10, 4),
    scratch.ConvTranspose(10, 16, 4), scratch.LeakyReLU(), scratch.ConvTranspose(16, 1, 4, stride=2, padding=1),
)  # fmt: skip
scratch.fit(
    coder, small[:1200], small[:1200], loss=scratch.squared_error, optimiser=scratch.Adam(0.005),
    epochs=2 if SHORT else 15, batch_size=16,
)  # fmt: skip
bottleneck = small[1200:]
for layer in coder.layers[:3]:
    bottleneck = layer.forward(bottleneck)
made = coder.predict(small[1200:])
error = ((made - small[1200:]) ** 2).mean()
of_mean = ((small[:1200].mean(0) - small[1200:]) ** 2).mean()
print("bottleneck", bottleneck.shape[1:], f"error {error:.4f}, of the mean image {of_mean:.4f}")
labs.pictures(
    {f"{kind} {at}": x[at, 0] for at in range(3) for kind, x in (("seen", small[1200:]), ("made", np.clip(made, 0, 1)))}
)

# %% [markdown]
# ### Transfer: cut off the last layer
#
# A network that learned the digits 0 to 7, each somewhere in 16 × 16, has never seen an 8 or a 9. Its last layer is
# of no use; what stands before it is: 32 features, on which one linear layer tells an 8 from a 9 after 30 images.
# Beside it the same with a network that has learned nothing.

# %%
known = truth < 8
taught = learn(cnn(), placed[known], truth[known], 2 if SHORT else 15)


def features(net, x):
    """Return what the last layer is given, in standard deviations of the first 30."""
    for layer in net.layers[:-1]:
        x = layer.forward(x)
    return (x - x[:30].mean(0)) / (x[:30].std(0) + 1e-3)


new, new_truth = placed[~known], truth[~known] - 8
transferred = {}
for name, net in {"taught": taught, "untaught": cnn()}.items():
    x = features(net, new)
    head = learn(scratch.Sequential(scratch.Linear(32, 2)), x[:30], new_truth[:30], 100)
    transferred[name] = right(head, x[30:], new_truth[30:])
print({name: round(float(share), 3) for name, share in transferred.items()})

# %% [markdown]
# ### Other dimensions
#
# The same operation along one axis (a sequence) and along three (a volume, or a video: time, height, width).

# %%
sequence = ops.correlate(np.zeros((4, 12, 100)), np.zeros((16, 12, 5)), padding=2)
video = ops.correlate(np.zeros((2, 3, 8, 32, 32)), np.zeros((4, 3, 3, 3, 3)), padding=1)
print("sequence", sequence.shape, "  video", video.shape)

# %% [markdown]
# ### Symmetries: learned from variants, or built in
#
# Augmentation shows a network turned, stretched, noisy and recoloured images, so that it learns that these are the
# same. A group convolution knows it: the answer of `p4_mini` to a quarter turn is the same before anything was
# learned.

# %%
data = cs.load("squares")
policy = Policy.parse("rotate=20 scale=0.2 noise=0.05 brightness=0.3")
variants = augmented(data, policy, np.array([0]), seed=0, epochs=5)
labs.pictures({
    "as it is": variants.images[0, 0], **{f"epoch {at + 1}": image[0] for at, image in enumerate(variants.variants[0])},
})  # fmt: skip

# %%
torch.manual_seed(0)
image = torch.rand(1, 1, 28, 28)
turned = torch.rot90(image, 1, (2, 3))
apart = {}
for name in ("p4_mini", "plain_mini"):
    net = models.create(name, classes=10, channels=1, size=(28, 28)).eval()
    with torch.no_grad():
        apart[name] = (net(image) - net(turned)).abs().max().item()
for name, difference in apart.items():
    print(f"{name:11} scores of an image and of the turned one differ by {difference:.1e}")

# %% [markdown]
# ## Check
#
# The lecture gives 2.43 for the stroke on itself: these are its three large products, 3 · 0.9². The six small ones
# add 0.06.

# %%
assert np.isclose(itself, 2.49) and np.isclose(large_products, 2.43) and np.isclose(mirrored, 1.21)
assert np.isclose(itself - large_products, 6 * 0.1**2)
assert scaled.min() == 0 and scaled.max() == 1, "divided by 255 once"
assert hand_accuracy > 0.99 and detector.weights.size == 124
assert conv == (1, 8, 128, 128) and pooled == (1, 8, 125, 125)
assert dilated == (1, 8, 252, 252) and grouped.shape == (1, 8, 6, 6) and (grouped == 18).all()
assert np.allclose(before, after), "the largest answer does not depend on the place"

# %% [markdown]
# The loss as the lecture writes it is no number from about z = 355 on (e^710 is too large); the log-sigmoid is right
# everywhere.

# %%
assert np.isnan(wrong[4]) and np.isneginf(wrong[0]), "as written: no number"
assert np.isfinite(stable).all() and np.allclose(stable[1:4], wrong[1:4]) and stable[4] == 0 and stable[0] == -1600

# %%
assert all(convolution > connected for convolution, connected in bias.values())
assert unet.layers[-1].shape[-2:] == (128, 128) and mask.arrays["classes"].shape == (128, 128)
assert bottleneck.shape[1:] == (10, 1, 1) and made.shape == small[1200:].shape
assert sequence.shape == (4, 16, 100) and video.shape == (2, 4, 8, 32, 32)
assert apart["p4_mini"] < 1e-4 < apart["plain_mini"]
if faces is not None:
    assert len(answer.points) == 68

# %%
if not SHORT:
    assert learned_accuracy > 0.99
    assert bias[100][0] > bias[1000][1], "a tenth of the images is enough for the convolution"
    assert error < of_mean / 2 and transferred["taught"] > transferred["untaught"]
    assert tracks.metrics["dice"]["value"] > 0.8
    if lung is not None:
        assert missed == len(test["missed"])
        assert test["sensitivity"]["value"] > 0.9 and test["specificity"]["value"] > 0.9
    if faces is not None:
        assert nme < beside["mean places"], "better than the mean face"

# %% [markdown]
# ## Report
#
# 1. Lay the learned kernel beside the one drawn by hand. What do they share, and what has the learned one found
#    besides?
# 2. How many training images does the fully connected network need for what the convolution reaches with 100?
# 3. A screening test of 10,000 people, of whom 50 are ill: how many are missed, how many sent on for nothing, with
#    the sensitivity and specificity above?
#
# The lecture ends with translation between two kinds of images without pairs (CycleGAN); convscope does not train
# such networks yet.
