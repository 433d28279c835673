# ---
# title: From a dense layer to a convolution, and from features by hand to learned ones
# source: the third lecture on data science for electron microscopy
# data: fashion-mnist, isbi, lung
# measured: 36 s of processor time
# ---

# %% [markdown]
# # From a dense layer to a convolution, and from features by hand to learned ones
#
# ## Goal
#
# See why an image needs no 10⁹ weights, compute all that makes up a convolutional layer, lay out the families of
# networks with their numbers, and find out whether a network beats features that people designed.

# %% [markdown]
# ## Approach
#
# Operations in NumPy (`cs.ops`), layers trained by hand (`cs.scratch`), networks laid out without running them
# (`cs.inspect`). The features by hand are those of scikit-image: gradients in cells (HOG), and key points (SIFT)
# counted as visual words.

# %% tags=["parameters"]
DATA_ROOT = None  # the folder above those of the data sets; None: $CONVSCOPE_DATA
SHORT = False  # True shortens trainings, and leaves out the checks of what they reach

# %%
import tempfile
from pathlib import Path

import numpy as np
from skimage.color import rgb2gray
from skimage.feature import SIFT, hog
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import convscope as cs
from convscope import labs, models, ops, scratch

folder = Path(tempfile.mkdtemp())  # for the trained networks

# %% [markdown]
# ## Execution
#
# ### From 10⁹ weights to k²
#
# A photograph of one megapixel and 1,000 hidden units: each unit has a weight for each pixel. Then two beliefs about
# images, one after the other. *Locality*: a unit looks at k × k pixels only. *Sharing*: all units look with the same
# weights.

# %%
pixels, hidden, k = 1_000_000, 1_000, 5
dense = pixels * hidden
local = hidden * k * k
shared = k * k
print(f"dense {dense:,}   local {local:,}   local and shared {shared}")

# %% [markdown]
# This is no picture of speech: a convolution *is* a dense layer whose matrix has few entries (locality) with few
# different values (sharing). Here is that matrix for a 12 × 12 image and a 3 × 3 kernel.

# %%
rng = np.random.default_rng(0)
image, kernel = rng.random((1, 1, 12, 12)), rng.random((1, 1, 3, 3))
matrix = ops.toeplitz(kernel, (12, 12)).toarray()
as_dense = (matrix @ image.ravel()).reshape(10, 10)
kinds = np.unique(matrix[matrix != 0])
print(
    f"matrix {matrix.shape}: {matrix.size:,} entries, {np.count_nonzero(matrix)} not zero, {len(kinds)} different ones"
)
labs.pictures({"the matrix of a convolution": matrix[:40]}, across=1)

# %% [markdown]
# ### Cross-correlation and convolution
#
# Four points on 64 × 64, and a kernel. Cross-correlation, which networks compute and call convolution, draws the
# turned kernel at each point; convolution as mathematics has it draws the kernel. With a cross nobody can tell; so
# take its left arm off.

# %%
points = np.zeros((1, 1, 64, 64))
points[0, 0, [12, 20, 40, 50], [14, 50, 30, 8]] = 1
cross = ops.kernels.cross()
armless = cross.copy()
armless[0, 0, 1, 0] = 0
correlated, convolved = ops.correlate(points, armless, padding=1), ops.convolve(points, armless, padding=1)
labs.pictures({
    "four points": points[0, 0], "cross": ops.correlate(points, cross, padding=1)[0, 0],
    "correlated": correlated[0, 0, 8:17, 10:19], "convolved": convolved[0, 0, 8:17, 10:19],
}, across=4)  # fmt: skip

# %% [markdown]
# ### An edge, and a kernel learned from it
#
# 6 × 8 ones, of which the columns 2 to 5 are zero. The kernel (1, −1) answers 1 where white becomes black and −1
# where black becomes white. From this pair alone, with the squared error, a rate of 0.03 and ten passes, the kernel
# is found again.

# %%
stripe = np.ones((1, 1, 6, 8))
stripe[..., 2:6] = 0
answer = ops.correlate(stripe, ops.kernels.edge(rank=2))
net = scratch.Sequential(scratch.Conv(1, 1, (1, 2), bias=False), seed=0)
history = scratch.fit(
    net, stripe, answer, loss=scratch.squared_error, optimiser=scratch.SGD(0.03), epochs=10, batch_size=1
)
print("learned:", net.weights.round(3), "  losses:", [round(step.loss, 3) for step in history.steps])
labs.pictures({"image": stripe[0, 0], "answer": answer[0, 0]}, numbers=True, across=2)

# %% [markdown]
# On a slice of real tissue the same idea, smoothed, draws the membranes.

# %%
isbi = labs.find("isbi", DATA_ROOT)
if isbi is None:
    print(labs.missing("isbi"))
    shown = None
else:
    slices = cs.load(isbi)
    tissue = slices.train[0].image[:256, :256, 0] / 255
    sobel = [ops.correlate(tissue[None, None], ops.kernels.sobel(axis=axis), padding=1)[0, 0] for axis in (-1, -2)]
    shown = labs.pictures({
        "slice": tissue, "left to right": sobel[0], "top to bottom": sobel[1], "strength": np.hypot(*sobel),
    }, across=4)  # fmt: skip
shown

# %% [markdown]
# ### Padding and stride

# %%
shape = ops.PRIMITIVES["correlate"].shape
sizes = {
    "k3 p1": shape((1, 1, 8, 8), (1, 1, 3, 3), padding=1)[2:],
    "k3 p1 s2": shape((1, 1, 8, 8), (1, 1, 3, 3), padding=1, stride=2)[2:],
    "k(3, 5) p(0, 1) s(3, 4)": shape((1, 1, 8, 8), (1, 1, 3, 5), padding=(0, 1), stride=(3, 4))[2:],
}
sizes

# %% [markdown]
# ### Channels, and the 1 × 1 convolution
#
# A kernel (channels out, channels in, height, width) sums over the channels. With 1 × 1 it is one fully connected
# layer at every pixel: a product of two matrices.

# %%
x, w = rng.standard_normal((1, 3, 3, 3)), rng.standard_normal((2, 3, 1, 1))
by_pixel = (w.reshape(2, 3) @ x.reshape(3, 9)).reshape(1, 2, 3, 3)
apart = np.abs(ops.correlate(x, w) - by_pixel).max()
print("largest difference:", apart)

# %% [markdown]
# ### What a layer costs
#
# Height · width · k² · channels in · channels out, in multiplications and nearly as many additions.

# %%
cost = ops.PRIMITIVES["correlate"].cost((1, 128, 256, 256), (128, 128, 5, 5), padding=2)
operations = cost.multiplications + cost.additions
print(f"{cost.multiplications:,} multiplications + {cost.additions:,} additions = {operations / 1e9:.1f} billion")

# %% [markdown]
# ### Pooling
#
# 3 × 3 numbers 0 to 8 under windows of 2 × 2: the largest, and the mean. With padding, strides, windows that are no
# squares, and each channel by itself.

# %%
nine = np.arange(9.0).reshape(1, 1, 3, 3)
largest, mean = ops.max_pool(nine, 2, stride=1), ops.avg_pool(nine, 2, stride=1)
sixteen = np.arange(16.0).reshape(1, 1, 4, 4)
padded = ops.max_pool(sixteen, 3, stride=2, padding=1)
oblong = ops.max_pool(sixteen, (2, 3), stride=(2, 3), padding=(0, 1))
two = ops.max_pool(np.concatenate([sixteen, sixteen + 1], 1), 3, stride=2, padding=1)
print(largest.ravel(), mean.ravel(), padded.ravel(), oblong.ravel(), two.shape)

# %% [markdown]
# ### Features by hand, and learned ones
#
# 300 grey tiles of lung tissue to learn from, three kinds, and others to be tested on, of other pieces of tissue. The
# classical way twice, each with a linear model behind it: histograms of gradients in cells (HOG), and SIFT:
# descriptors of key points, 64 clusters of them as a vocabulary, and of each image how often each visual word occurs.
# Then a network, on the same images.

# %%
lung = labs.find("lung", DATA_ROOT)
size, number = (48, 90) if SHORT else (96, 300)
if lung is None:
    print(labs.missing("lung"))
else:
    tiles = cs.load(lung, img_size=size)
    kinds_of_tissue = np.array(tiles.columns[tiles.targets[0]].spec.names)

    def grey(part, at):
        """Return images (n, H, W) of a split in 0..1, and their classes."""
        images = np.stack([rgb2gray(np.moveaxis(image, 0, -1)) for image in part.images(at)])
        return images, part.labels[at]

    some = np.random.default_rng(0).permutation(len(tiles.train))[:number]
    learn, learn_kinds = grey(tiles.train, some)
    valid, valid_kinds = grey(tiles.valid, np.arange(min(60, len(tiles.valid))))
    test, test_kinds = grey(tiles.test, np.arange(0, len(tiles.test), 2))


def linear(features, others, strength):
    """Return the accuracy on the test images of a linear model on features (n, F)."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000))
    return model.fit(features, learn_kinds).score(others, test_kinds)


def descriptors(image):
    """Return the SIFT descriptors (m, 128) of an image; none where nothing stands out."""
    sift = SIFT(upsampling=1)
    try:
        sift.detect_and_extract(image)
    except RuntimeError:  # no key point in the whole image
        return np.zeros((0, 128))
    return sift.descriptors.astype(float)


def words(found, vocabulary):
    """Return how often each visual word occurs (n, words), as shares."""
    counts = [np.bincount(vocabulary.predict(each), minlength=64) if len(each) else np.zeros(64) for each in found]
    return np.array([count / max(count.sum(), 1) for count in counts])


classical = {}
if lung is not None:
    cells = {"pixels_per_cell": (8, 8), "cells_per_block": (2, 2)}
    gradients = [np.array([hog(image, **cells) for image in part]) for part in (learn, test)]
    classical["HOG + linear"] = linear(*gradients, 0.001)
    found = [[descriptors(image) for image in part] for part in (learn, test)]
    every = np.concatenate(found[0])
    vocabulary = KMeans(64, n_init=1, max_iter=30, random_state=0).fit(every[rng.permutation(len(every))[:8000]])
    classical["SIFT, bag of 64 words + linear"] = linear(*(words(each, vocabulary) for each in found), 0.1)
    print(f"{len(every) / len(learn):.0f} key points an image;", *(f" {n} {a:.3f}" for n, a in classical.items()))

# %%
if lung is not None:
    stacked = np.round(np.concatenate([learn, valid, test]) * 255).astype(np.uint8)
    named = kinds_of_tissue[np.concatenate([learn_kinds, valid_kinds, test_kinds])]
    splits = np.repeat(["train", "valid", "test"], [len(learn), len(valid), len(test)])
    tissue_net = cs.train(
        cs.from_arrays(stacked[..., None], named, splits=splits), "vgg_mini", epochs=1 if SHORT else 10,
        augment="hflip vflip", baselines=False, quiet=True, out=folder / "tissue",
    )  # fmt: skip
    print(tissue_net, "beside", *(f" {name} {accuracy:.3f}" for name, accuracy in classical.items()))

# %% [markdown]
# ### Families
#
# What the families look like, without running one: weights, multiplications for one image, what the last unit before
# the classes sees.

# %%
families = {
    "LeNet-5": models.create("lenet5", classes=10, channels=1, size=(28, 28)),
    "AlexNet": models.create("alexnet", classes=10, channels=1, size=(224, 224)),
    "VGG-11": models.create("vgg11", classes=10, channels=1, size=(224, 224)),
    "VGG of 16, 32, 64, 128, 128 channels": models.create("vgg_mini", classes=10, channels=1, size=(28, 28)),
    "NiN": models.create("nin", classes=10, channels=1, size=(224, 224)),
    "ResNet-18": models.create("resnet18", classes=10, channels=1, size=(96, 96)),
    "DenseNet, growth 32, 4 + 4 + 4 + 4": models.create("densenet", classes=10, channels=1, size=(96, 96)),
}
sides = dict(zip(families, (28, 224, 224, 28, 224, 96, 96), strict=True))
inspected = {name: cs.inspect(net, (1, sides[name], sides[name])) for name, net in families.items()}
inspected["U-Net"] = cs.inspect("unet", (1, 128, 128))
for name, each in inspected.items():
    millions = each.totals.multiplications / 1e6
    print(f"{name:37} {each.totals.parameters:12,} weights {millions:9,.1f} million multiplications")

# %% [markdown]
# A dense block concatenates what each of its layers finds, and so grows; a transition halves it. Batch norm takes
# mean and variance of a channel over all images of a batch, layer norm of one image over all its channels.

# %%
densenet = inspected["DenseNet, growth 32, 4 + 4 + 4 + 4"]
widths = [node.shape[1] for node in densenet.graph.nodes if node.op == "concatenate"]
batch = rng.standard_normal((8, 4, 5, 5)) * 3 + 2
by_batch, by_layer = ops.batch_norm(batch), ops.layer_norm(batch, axes=3)
print("channels after each concatenation:", widths)
densenet

# %% [markdown]
# ### Fashion-MNIST
#
# 60,000 images of clothes, one pass.

# %%
fashion = labs.find("fashion-mnist", DATA_ROOT)
if fashion is None:
    print(labs.missing("fashion-mnist"))
elif SHORT:
    print("left out: SHORT")
else:
    clothes = cs.train(fashion, "lenet", epochs=1, batch_size=128, baselines=False, quiet=True, out=folder / "fashion")
    print(clothes)

# %% [markdown]
# ## Check

# %%
assert dense == 10**9 and shared == k**2 == 25
assert np.allclose(as_dense, ops.correlate(image, kernel)[0, 0]), "the convolution is that dense layer"
assert np.count_nonzero(matrix) == 100 * 9 and len(kinds) == 9, "100 units see 9 pixels each, with the same 9 weights"

# %%
assert np.array_equal(convolved[0, 0, 11:14, 13:16], armless[0, 0]), "convolution draws the kernel at a point"
assert np.array_equal(correlated[0, 0, 11:14, 13:16], armless[0, 0, ::-1, ::-1]), "cross-correlation its turned copy"
assert np.array_equal(ops.convolve(points, cross), ops.correlate(points, cross)), "a cross turned is a cross"
assert (answer[0, 0] == [0, 1, 0, 0, 0, -1, 0]).all()
assert np.abs(net.weights - [1, -1]).max() < 0.02

# %%
assert list(sizes.values()) == [(8, 8), (4, 4), (2, 2)]
assert apart < 1e-6, "a 1 × 1 convolution is a product of matrices"
assert 52e9 < operations < 54e9, "about 53 billion"
assert largest.ravel().tolist() == [4, 5, 7, 8] and mean.ravel().tolist() == [2, 3, 5, 6]
assert padded.ravel().tolist() == [5, 7, 13, 15] and oblong.shape == (1, 1, 2, 2)
assert np.array_equal(two[0, 1], two[0, 0] + 1), "each channel by itself"

# %%
assert np.allclose(by_batch.mean((0, 2, 3)), 0) and np.allclose(by_layer.mean((1, 2, 3)), 0)
assert inspected["VGG-11"].totals.multiplications > 7e9 and inspected["U-Net"].layers[-1].shape[-2:] == (128, 128)
assert (np.diff(np.reshape(widths, (4, 4)), axis=1) == 32).all(), "each layer of a block adds 32 channels"

# %%
if lung is not None and not SHORT:
    assert min(classical.values()) > 0.45, "better than a third, by chance"
    assert tissue_net.metrics["accuracy"]["value"] > max(classical.values()), "the network beats both baselines"
if fashion is not None and not SHORT:
    assert clothes.metrics["accuracy"]["value"] > 0.8

# %% [markdown]
# ## Report
#
# 1. How many weights has a layer that sees 5 × 5 pixels without sharing, on an image of one megapixel? What does
#    sharing assume that may be wrong in a microscope's image?
# 2. Which of the two classical pipelines is the better one on your data, and by how much does the network beat it? If
#    it does not: how many training images would it need? (`convscope train DATA` puts HOG beside every network.)
# 3. Which family has the most weights for its multiplications, which the fewest, and why?
