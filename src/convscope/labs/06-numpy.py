# ---
# title: A network in NumPy, its gradients checked
# source: the lesson on convolutional networks in NumPy
# data: mnist
# measured: 47 s of processor time
# ---

# %% [markdown]
# # A network in NumPy, its gradients checked
#
# ## Goal
#
# Build a convolutional layer from a matrix product, forward and backward; find the mistake in the lesson's backward
# pass, see what it costs on MNIST, and measure the properties that the lesson names: equivariance, sparse
# interactions, feature reuse, receptive fields.

# %% [markdown]
# ## Approach
#
# `cs.ops` has each operation forward and backward, `cs.scratch` layers and a training loop of them, all in NumPy.
# Gradients are held against the loss itself, which is asked by moving each weight a little to both sides.

# %% tags=["parameters"]
DATA_ROOT = None  # the folder above those of the data sets; None: $CONVSCOPE_DATA
SHORT = False  # True shortens trainings, and leaves out the checks of what they reach

# %%
import numpy as np
from skimage import data as photographs
from skimage.feature import canny
from torch import nn

import convscope as cs
from convscope import labs, ops, scratch

# %% [markdown]
# ## Execution
#
# ### Three kernels over a long pulse
#
# 20 zeros, 20 ones, 20 zeros. Five ones add up, a Gaussian smooths, (−1, −1, 0, 1, 1) answers where the signal rises.
# With a slider over the window: `convscope explore`.

# %%
pulse = np.repeat([0.0, 1.0, 0.0], 20)[None, None]
three = {
    "five ones": ops.kernels.box(5), "Gaussian, σ = 2": ops.kernels.gaussian(5, 2), "rise": ops.kernels.wide_edge(),
}  # fmt: skip
responses = {name: ops.correlate(pulse, kernel).ravel() for name, kernel in three.items()}
labs.lines({"pulse": pulse.ravel()[2:-2], **responses}, across="position")

# %% [markdown]
# ### Classic filters
#
# A photograph, blurred with σ = 5; and Canny's edges with σ = 3: blur, the slope along both axes, its strength, and
# of that the crests (the last step, which is no convolution, is scikit-image's).

# %%
photograph = photographs.camera()[::2, ::2] / 255  # 256 × 256
blurred = ops.correlate(photograph[None, None], ops.kernels.gaussian(41, 5, rank=2), padding=20)[0, 0]
smooth = ops.correlate(photograph[None, None], ops.kernels.gaussian(25, 3, rank=2), padding=12)
slopes = [ops.correlate(smooth, ops.kernels.sobel(axis=axis), padding=1)[0, 0] for axis in (-1, -2)]
edges = canny(photograph, sigma=3)
labs.pictures({
    "photograph": photograph, "blurred, σ = 5": blurred, "strength of the slope": np.hypot(*slopes),
    "edges, σ = 3": edges,
}, across=4)  # fmt: skip

# %% [markdown]
# ### All windows at once
#
# Each window of a 3 × 32 × 32 image under 5 × 5 as a column: 75 numbers, 784 windows. The layer is one product of
# matrices.

# %%
rng = np.random.default_rng(0)
image, kernels = rng.standard_normal((1, 3, 32, 32)), rng.standard_normal((8, 3, 5, 5))
columns = ops.im2col(image, 5)[0]
as_product = (kernels.reshape(8, -1) @ columns).reshape(1, 8, 28, 28)
difference = np.abs(as_product - ops.correlate(image, kernels)).max()
print(f"columns {columns.shape}, largest difference to correlate {difference:.1e}")

# %% [markdown]
# ### The layer, backward
#
# 8 images of 1 × 28 × 28, three kernels of 5 × 5, stride 2, padding 2. The gradient of the kernels is a product, too:
# of the gradient at the outputs and the columns. For that the gradient (batch, kernels, height, width) must become
# (kernels, batch · height · width).

# %%
x, weights = rng.standard_normal((8, 1, 28, 28)), rng.standard_normal((3, 1, 5, 5))
out = ops.correlate(x, weights, stride=2, padding=2)
delta = rng.standard_normal(out.shape)  # what comes back from the loss
patches = np.concatenate(list(ops.im2col(x, 5, stride=2, padding=2)), axis=1)  # (25, 8 · 14 · 14)
print("output", out.shape, "  patches", patches.shape)

as_written = (delta.reshape(3, -1) @ patches.T).reshape(3, 1, 5, 5)  # batch and kernels change places: wrong
transposed = (delta.transpose(1, 0, 2, 3).reshape(3, -1) @ patches.T).reshape(3, 1, 5, 5)
own = ops.correlate_backward(delta, x, weights, stride=2, padding=2).kernel


def cosine(a, b):
    """Return the cosine of the angle between two gradients: 1 is the same direction, 0 a right angle."""
    return float(a.ravel() @ b.ravel() / np.linalg.norm(a) / np.linalg.norm(b))


print(f"as written: cosine {cosine(as_written, own):+.3f};  transposed first: {cosine(transposed, own):+.3f}")

# %% [markdown]
# Which of the two is right? The loss knows. Move one weight by a little to both sides; the loss changes by its
# gradient.

# %%
at, little = (1, 0, 2, 3), 1e-5
sides = []
for step in (little, -little):
    moved = weights.copy()
    moved[at] += step
    sides.append((ops.correlate(x, moved, stride=2, padding=2) * delta).sum())
measured = (sides[0] - sides[1]) / (2 * little)
print(f"measured {measured:.5f}, transposed {transposed[at]:.5f}, as written {as_written[at]:.5f}")

# %% [markdown]
# ### The lesson's network
#
# Three convolutions with stride 2, two fully connected layers, LeakyReLU 0.01; 25,162 weights. Beside it the same
# with the lesson's backward pass.


# %%
class Mixed(scratch.Conv):
    """A convolution with the lesson's backward pass: batch and channels of the gradient change places."""

    def backward(self, grad, *, input_gradient=True):
        """Return the gradient of x, as the lesson computes it."""
        batch, channels, *space = grad.shape
        mixed = np.ascontiguousarray(grad).reshape(channels, batch, *space).swapaxes(0, 1)
        return super().backward(mixed, input_gradient=input_gradient)


def lesson(conv):
    """Return the lesson's network, of convolutions of this kind."""
    return scratch.Sequential(
        conv(1, 8, 5, stride=2, padding=2), scratch.LeakyReLU(0.01),
        conv(8, 16, 5, stride=2, padding=2), scratch.LeakyReLU(0.01),
        conv(16, 32, 5, stride=2), scratch.LeakyReLU(0.01), scratch.Flatten(),
        scratch.Linear(128, 64), scratch.LeakyReLU(0.01), scratch.Linear(64, 10), seed=0,
    )  # fmt: skip


small = rng.standard_normal((4, 1, 28, 28)), rng.integers(0, 10, 4)
right_way, mixed_way = (
    scratch.gradcheck(lesson(kind), *small, scratch.cross_entropy) for kind in (scratch.Conv, Mixed)
)
print(f"{right_way.checked} weights and pixels: largest error {right_way.error:.1e}, as written {mixed_way.error:.1f}")

# %% [markdown]
# ### MNIST, batch 8, rate 0.001
#
# The lesson's recipe: the loss is summed over the batch, the gradient of each convolution is cut to length 1. The
# lesson reaches 85.5 % after ten passes. One pass with either gradient shows why; the right one then goes on to ten.

# %%
mnist = labs.find("mnist", DATA_ROOT)


def passes(net, x, y, number, first=1):
    """Train by the lesson's recipe; yield after each pass."""
    optimiser = scratch.SGD(0.001)
    for epoch in range(first, first + number):
        for rows in scratch.batches(len(x), 8, 0, epoch):
            _, gradient = scratch.cross_entropy(net.forward(x[rows]), y[rows])
            net.backward(gradient * np.float32(len(rows)), input_gradient=False)
            for layer in net:
                if isinstance(layer, scratch.Conv):
                    scratch.clip_gradients(layer, 1.0)
            optimiser.step(net)
        yield net


if mnist is None:
    print(labs.missing("mnist"))
else:
    data = cs.load(mnist)
    take = 2_000 if SHORT else None
    learn = np.concatenate([data.train.images(), data.valid.images()])[:take].astype(np.float32) / 255
    classes = np.concatenate([data.train.labels, data.valid.labels])[:take]
    test, test_classes = data.test.images().astype(np.float32) / 255, data.test.labels
    reached = {}
    for name, kind in {"as written": Mixed, "right": scratch.Conv}.items():
        net = lesson(kind)
        next(passes(net, learn, classes, 1))
        reached[name] = scratch.evaluate(net, test, test_classes, loss=scratch.cross_entropy)[1]
    print({name: round(float(value), 4) for name, value in reached.items()}, "after one pass")

# %%
if mnist is not None:
    by_pass = [reached["right"]]
    for _ in passes(net, learn, classes, 1 if SHORT else 9, first=2):
        by_pass.append(scratch.evaluate(net, test, test_classes, loss=scratch.cross_entropy)[1])
    print("right, pass by pass:", [round(float(value), 4) for value in by_pass])

# %% [markdown]
# ### Equivariance, and where it ends
#
# What moves in the image moves in the features: by as much, at stride 1. What is turned or made larger in the image
# is something else to a kernel.

# %%
spot = np.zeros((1, 1, 24, 24))
spot[..., 6:11, 5:12] = rng.random((5, 7))
two_kernels = rng.standard_normal((2, 1, 3, 3))
features = ops.correlate(spot, two_kernels, padding=1)


def answers(x):
    """Return the features of an image."""
    return ops.correlate(x, two_kernels, padding=1)


by_shift = np.abs(answers(np.roll(spot, (5, 4), (2, 3))) - np.roll(features, (5, 4), (2, 3))).max()
by_turn = np.abs(answers(np.rot90(spot, axes=(2, 3))) - np.rot90(features, axes=(2, 3))).max()
by_scale = np.abs(answers(spot.repeat(2, 2).repeat(2, 3))[..., ::2, ::2] - features).max()
print(f"apart by a shift {by_shift:.1e}, by a quarter turn {by_turn:.2f}, at twice the size {by_scale:.2f}")

# %% [markdown]
# ### Sparse interactions
#
# A fully connected layer joins each output with each input. A convolution joins it with k² of them: here is which
# input feeds which output, for 16 numbers and a kernel of 3.

# %%
joins = ops.toeplitz(np.ones((1, 1, 3)), (16,)).toarray()
dense_joins, sparse_joins = joins.size, int(joins.sum())
print(f"fully connected {dense_joins} connections, convolution {sparse_joins}")
photo_size = 256 * 256
print(f"256 × 256, k3: {photo_size**2:,} against {254**2 * 9:,}: {photo_size**2 / (254**2 * 9):,.0f} times as many")
labs.pictures({"which input feeds which output": joins}, across=1)

# %% [markdown]
# ### Feature reuse
#
# Two meanings. Along the image: one weight serves at every place, so its gradient is a sum over all places. Along the
# depth: each map is computed once and read by every kernel of the next layer; sixteen networks that do not share
# would compute the first layer sixteen times.

# %%
each_place = [
    ops.correlate_backward(np.eye(26)[place][None, None], pulse[..., :28], np.ones((1, 1, 3))).kernel
    for place in range(26)
]  # the gradient of three weights, from one place at a time
all_places = ops.correlate_backward(np.ones((1, 1, 26)), pulse[..., :28], np.ones((1, 1, 3))).kernel
first, second = (
    ops.PRIMITIVES["correlate"].cost(inputs, kernel, stride=2, padding=2).multiplications
    for inputs, kernel in (((1, 1, 28, 28), (8, 1, 5, 5)), ((1, 8, 14, 14), (16, 8, 5, 5)))
)
print(f"shared {first + second:,} multiplications, sixteen networks apart {16 * first + second:,}")

# %% [markdown]
# ### Receptive fields
#
# R grows by (k − 1) times the strides of all layers before. Kernel 3, then kernel 5 with stride 2: 7. Near a border
# the field is cut off, since padding is no image.


# %%
def by_rule(layers):
    """Return the field of one output along an axis, of layers (kernel, stride)."""
    field, jump = 1, 1
    for kernel, stride in layers:
        field, jump = field + (kernel - 1) * jump, jump * stride
    return field


def inspected(layers, size=256):
    """Return the inspection of convolutions in a row on size × size."""
    return cs.inspect(nn.Sequential(*(nn.Conv2d(1, 1, k, s, padding=k // 2) for k, s in layers)), (1, size, size))


stacks = [[(3, 1), (5, 2)], [(3, 2), (3, 2), (3, 2)], [(7, 2), (3, 2), (5, 1), (3, 1)], [(5, 1)] * 6]
fields = {}
for stack in stacks:
    looked_at = inspected(stack)
    fields[str(stack)] = (by_rule(stack), looked_at.layers[-1].fields["input"][2].size)
    print(stack, "by the rule", fields[str(stack)][0], " by inspection", fields[str(stack)][1])
corner = looked_at.field(looked_at.layers[-1].name, (0, 0, 0)).places.along(2)
middle = looked_at.field(looked_at.layers[-1].name, (0, 128, 128)).places.along(2)
print("the last one in the corner sees", len(corner), "columns, in the middle", len(middle))

# %% [markdown]
# ### Other layers
#
# One by one on 1 × 4 × 6 × 6 numbers, with the shape that comes out.

# %%
maps = rng.standard_normal((1, 4, 6, 6))
squeezed = ops.global_avg_pool(maps).reshape(1, 4)
gate = ops.sigmoid(ops.linear(ops.relu(ops.linear(squeezed, rng.standard_normal((2, 4)))), rng.standard_normal((4, 2))))
others = {
    "1 × 1 convolution": ops.correlate(maps, rng.standard_normal((2, 4, 1, 1))),
    "transposed, k2 s2": ops.correlate_transpose(maps, rng.standard_normal((4, 3, 2, 2)), stride=2),
    "largest of 2 × 2": ops.max_pool(maps, 2),
    "mean of 2 × 2": ops.avg_pool(maps, 2),
    "mean of all": ops.global_avg_pool(maps),
    "squeeze and excite": maps * gate[:, :, None, None],
    "batch norm": ops.batch_norm(maps),
    "group norm": ops.group_norm(maps, groups=2),
    "layer norm": ops.layer_norm(maps, axes=3),
    "residual": ops.add(maps, ops.correlate(maps, rng.standard_normal((4, 4, 3, 3)), padding=1)),
    "skip, concatenated": ops.concatenate(maps, maps),
}
for name, result in others.items():
    print(f"{name:20} {result.shape}")

# %% [markdown]
# ### Questions
#
# Answer them first; `labs.check(question, answer)` then computes. Nothing is looked up: the engine works each out
# when asked.

# %%
for name, asks in labs.questions().items():
    print(f"{name:14} {asks}")

# %%
labs.check("two-layers", (12, 8, 17, 17))  # change it until it is right

# %% [markdown]
# ## Check

# %%
assert [len(response) for response in responses.values()] == [56, 56, 56]
assert responses["five ones"][14:22].tolist() == [0, 0, 1, 2, 3, 4, 5, 5]
assert responses["rise"][14:22].tolist() == [0, 0, 1, 2, 2, 1, 0, 0]
assert np.allclose(responses["Gaussian, σ = 2"][20:36], 1)
assert blurred.std() < photograph.std() and 0 < edges.mean() < 0.1
assert columns.shape == (75, 784) and np.allclose(as_product, ops.correlate(image, kernels))

# %% [markdown]
# The lesson's gradient is at nearly a right angle to the right one. With a single image there is nothing to mix,
# which is why a test with one image does not see it.

# %%
assert out.shape == (8, 3, 14, 14) and patches.shape == (25, 8 * 14 * 14)
assert np.allclose(transposed, own) and np.isclose(measured, own[at]) and not np.isclose(as_written[at], measured)
assert abs(cosine(as_written, own)) < 0.5 < cosine(transposed, own)
alone = ops.im2col(x[:1], 5, stride=2, padding=2)[0]
assert np.allclose(
    (delta[:1].reshape(3, -1) @ alone.T).reshape(3, 1, 5, 5),
    ops.correlate_backward(delta[:1], x[:1], weights, stride=2, padding=2).kernel,
), "one image: no difference"
assert right_way.error < 1e-4 and mixed_way.error > 0.1
assert lesson(scratch.Conv).weights.size == 25_162
clipped = lesson(scratch.Conv)
scores = clipped.forward(small[0].astype(np.float32))
clipped.backward(scratch.cross_entropy(scores, small[1])[1] * 1000)
before = scratch.clip_gradients(clipped, 1.0)
length = np.sqrt(sum((gradient**2).sum() for gradient in clipped.gradients().values()))
assert before > 1 and np.isclose(length, 1, rtol=1e-3), "cut to length 1"

# %%
assert by_shift < 1e-12 and by_turn > 0.1 and by_scale > 0.1
assert sparse_joins == 14 * 3 and dense_joins == 14 * 16
assert np.allclose(sum(each_place), all_places), "one weight, all places"
assert all(rule == found for rule, found in fields.values()) and next(iter(fields.values())) == (7, 7)
assert len(corner) < len(middle) == by_rule(stacks[-1])

# %%
assert others["1 × 1 convolution"].shape == (1, 2, 6, 6) and others["transposed, k2 s2"].shape == (1, 3, 12, 12)
assert others["skip, concatenated"].shape == (1, 8, 6, 6) and others["mean of all"].shape == (1, 4, 1, 1)
assert labs.check("two-layers", (12, 8, 19, 19)) and not labs.check("two-layers", (12, 8, 17, 17))
assert labs.check("field", 7) and labs.check("im2col", (75, 784)) and labs.check("batch", out.shape)
assert labs.check("shift", True) and labs.check("turn", False)

# %%
if mnist is not None and not SHORT:
    assert reached["right"] > reached["as written"] + 0.05, "the same recipe, the right gradients"
    assert by_pass[-1] > 0.855, "the lesson's accuracy after ten passes"

# %% [markdown]
# ## Report
#
# 1. The accuracy after one pass with each gradient, and after ten with the right one, beside the lesson's 85.5 %.
# 2. Why does a network learn at all, when the gradients of its convolutions are wrong? (Which layers have right
#    ones?)
# 3. Which of the properties does a fully connected layer have, which does attention have?
