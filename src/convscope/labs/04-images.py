# ---
# title: Train a network on digits, look inside, transfer it
# source: the notebook on convolutional networks in PyTorch, its images
# data: mnist, fashion-mnist, lung, faces
# measured: 54 s of processor time
# ---

# %% [markdown]
# # Train a network on digits, look inside, transfer it
#
# ## Goal
#
# Train the notebook's network on MNIST to its accuracy or better, open it from the scores of the classes down to the
# pixels, and carry what was learned over to other images. Three mistakes of the notebook are made beside the right
# way.

# %% [markdown]
# ## Approach
#
# `cs.train` is the training engine: batches, schedule, records of every step and epoch, evaluation, report. A
# listener hears every step. `cs.inspect`, `cs.trace` and `cs.explain` open what came of it.

# %% tags=["parameters"]
DATA_ROOT = None  # the folder above those of the data sets; None: $CONVSCOPE_DATA
SHORT = False  # True shortens trainings, and leaves out the checks of what they reach

# %%
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

import convscope as cs
from convscope import labs, ops
from convscope.api.inside import inside
from convscope.data.augment import Policy
from convscope.explaining.temperature import probabilities
from convscope.report.augmented import augmented

folder = Path(tempfile.mkdtemp())  # for the trained networks

# %% [markdown]
# ## Execution
#
# ### A convolution by its components
#
# Three channels in, four out, 5 × 5, an image of 128 × 128. Each channel has a kernel of its own; the four maps are
# sums of three filtered channels and a bias. The sum is made here, in NumPy; PyTorch's numbers stand beside it.

# %%
faces = labs.find("faces", DATA_ROOT)
if faces is None:
    print(labs.missing("faces"), "- random numbers take their place")
    photograph = np.random.default_rng(0).integers(0, 256, (128, 128, 3)).astype(np.uint8)
else:
    first_face = min(faces.glob("*.jpg"))
    photograph = np.asarray(Image.open(first_face).convert("RGB").resize((128, 128)))
torch.manual_seed(0)
layer = nn.Conv2d(3, 4, 5)
x = (photograph / 255).astype(np.float32).transpose(2, 0, 1)[None]
with torch.no_grad():
    framework = layer(torch.from_numpy(x)).numpy()
kernel, offsets = layer.weight.detach().numpy(), layer.bias.detach().numpy()
parts = np.stack([ops.correlate(x[:, [c]], kernel[:, [c]]) for c in range(3)])  # (3 channels, 1, 4 maps, 124, 124)
mean_error = np.abs(parts.sum(0) + offsets[:, None, None] - framework).mean()
print("mean absolute difference:", mean_error)
labs.pictures({
    "photograph": photograph, "red part": parts[0, 0, 0], "green part": parts[1, 0, 0], "blue part": parts[2, 0, 0],
    "sum + bias": framework[0, 0],
})  # fmt: skip

# %% [markdown]
# ### Red, green, blue, in this order
#
# The notebook reads images in the order blue, green, red, and gives them to a network that learned from red, green,
# blue. Nothing fails; the numbers are those of another image.

# %%
with torch.no_grad():
    swapped = layer(torch.from_numpy(x[:, ::-1].copy())).numpy()
print(f"largest difference of the maps, by the order of the channels: {np.abs(swapped - framework).max():.3f}")
if faces is not None:
    read = cs.load(faces, fit="pad", img_size=128).train[0].image
    print("convscope reads", read.shape, "as red, green, blue")

# %% [markdown]
# ### Sizes, and pixels that are dropped
#
# ⌊(w + 2p − k) / s⌋ + 1. Where s does not divide w + 2p − k, the last pixels are seen by no window. And how often is
# each pixel used? One in a corner once, one in the middle k² times: the middle of an image is overrepresented, unless
# it is padded.

# %%
shape = ops.PRIMITIVES["correlate"].shape
line = np.zeros((1, 1, 28))
used_by_2 = ops.correlate_backward(np.ones((1, 1, 12)), line, np.ones((1, 1, 5)), stride=2).x.ravel()
print("28 numbers, k5 s2: used", used_by_2.astype(int).tolist())
square = np.zeros((1, 1, 12, 12))
used = ops.correlate_backward(np.ones((1, 1, 8, 8)), square, np.ones((1, 1, 5, 5))).x[0, 0]
labs.pictures({"how often each pixel is used": used}, numbers=True, across=1)

# %% [markdown]
# ### Pooling

# %%
four = np.array([[1, 1, 2, 4], [4, 5, 6, 9], [3, 1, 0, 3], [4, 0, 1, 8]], float)
pooled = ops.max_pool(four[None, None], 2)[0, 0]
labs.pictures({"4 × 4": four, "largest of 2 × 2": pooled}, numbers=True, across=2)

# %% [markdown]
# ### The network, before it has learned anything
#
# Two convolutions of 32 kernels, SELU, pooling, 256 hidden units, dropout. A class must see the whole image: `of the
# input` in the last lines says that it does.

# %%
lenet = cs.inspect("lenet")
lenet

# %% [markdown]
# ### MNIST
#
# 55,000 images to learn from, 5,000 to validate; batch size 32, AdamW, one cycle up to a rate of 0.01, three passes.

# %%
mnist = labs.find("mnist", DATA_ROOT)


class Heard(cs.Listener):
    """Counts steps, and keeps what each pass came to."""

    def __init__(self):
        self.steps, self.passes = 0, []

    def step(self, epoch, step, steps, figures):
        self.steps += 1

    def epoch(self, row):
        self.passes.append(row["valid_accuracy"])


heard = Heard()
if mnist is None:
    print(labs.missing("mnist"))
else:
    data = cs.load(mnist, valid=5000)
    sizes = (len(data.train), len(data.valid), len(data.test))
    if SHORT:
        few = np.arange(1500)
        images = np.moveaxis(data.train.images(few), 1, -1)
        data = cs.from_arrays(images, data.train.labels[few], splits=np.repeat(["train", "valid", "test"], 500))
    digits = cs.train(
        data, "lenet", epochs=3, batch_size=32, lr=0.01, opt="adamw", sched="onecycle", augment="none", smoothing=0.0,
        baselines=False, listener=heard, out=folder / "mnist",
    )  # fmt: skip
    print(digits, "\nvalidation accuracy after each pass:", [round(each, 4) for each in heard.passes])

# %% [markdown]
# Divide by 255 once. The notebook does it after a conversion that has done it already, so that its inputs lie between
# 0 and 1/255. What a network here is given has mean 0 and standard deviation 1, whatever the file holds, and the run
# says by which numbers.

# %%
if mnist is not None:
    raw = data.train.images(np.arange(500))
    twice = raw / 255 / 255
    given = data.preprocessing.tensor(np.moveaxis(raw, 1, -1)).numpy()
    print(f"twice: largest {twice.max():.5f}, standard deviation {twice.std():.5f}")
    print(f"here: mean {given.mean():.2f}, standard deviation {given.std():.2f}")

# %% [markdown]
# The rate rises and falls once, momentum falls and rises against it; both stand in the table of steps, beside the
# loss and its moving average.

# %%
if mnist is None:
    curves = None
else:
    steps = digits.steps
    curves = labs.lines(
        {"learning rate / its largest": steps["lr"] / steps["lr"].max(), "momentum": steps["momentum"]}, across="step"
    )
    print("recorded at each step:", ", ".join(steps))
curves

# %% [markdown]
# ### Every feature map, down to the scores
#
# One test image through all layers; and the probabilities, with a temperature: below 1 surer, above 1 less sure, in
# the same order.

# %%
if mnist is None:
    maps = None
else:
    example = data.test[0]
    way = inside(digits, example)
    for each in way.layers:
        low, high = each.ranges[:, 0].min(), each.ranges[:, 1].max()
        print(f"{each.node:6} {each.op:12} {each.values.shape!s:14} {low:8.2f} to {high:.2f}")
    scores = way.answer.logits
    by_temperature = {t: probabilities(scores, t) for t in (0.5, 1.0, 5.0)}
    print({t: round(float(p.max()), 4) for t, p in by_temperature.items()}, "for", scores.argmax())
    first = way.layers[0].values
    maps = labs.pictures({"image": example.image[..., 0], **{f"map {at}": first[at] for at in range(5)}})
maps

# %% [markdown]
# And one number all the way down: the score of the answer, its largest product, and on to a pixel.

# %%
if mnist is not None:
    score = cs.trace(digits, example)
    for one in score.chain():
        print(f"{one.op:10} {one.node or '':8} {one.at}  {one.total:.4f}")

# %% [markdown]
# ### Answers, one by one and many together
#
# `run.predict` takes files, arrays and examples; `run.evaluate` a whole split. The confusion matrix says which digits
# are taken for which.

# %%
if mnist is not None:
    rows = np.arange(64)
    together = digits.predict([data.test[int(row)].image for row in rows])
    alone = digits.predict([data.test[0].image])
    print(len(together), "together, the first", together[0], "and alone", alone[0])
    print(np.array(digits.metrics["confusion"]))

# %% [markdown]
# ### Tissue: variants, what an answer rests on, the mean over variants
#
# Tiles of lung tissue, 49 × 49 cut from the middle; mirrored and turned by up to 20° while learning. The answer can
# then be averaged over variants of the image as well: trained on T(x), asked for E[T(x)]. Without the tiles,
# generated squares take their place.

# %%
lung = labs.find("lung", DATA_ROOT)
if lung is None:
    print(labs.missing("lung"))
tissue_data = cs.load("squares") if lung is None else cs.load(lung, img_size=49, fit="centre")
tissue = cs.train(
    tissue_data, "tiny" if lung is None else "vgg_mini", epochs=1 if SHORT else 6, augment="hflip vflip rotate=20",
    baselines=False, quiet=True, out=folder / "tissue",
)  # fmt: skip
variants = augmented(tissue_data, Policy.parse("hflip vflip rotate=20"), np.array([0]), seed=0, epochs=5)
print(tissue, "  batch size", tissue.plan.batch_size)
original, *others = (np.moveaxis(image, 0, -1).squeeze() for image in (variants.images[0], *variants.variants[0]))
labs.pictures({"tile": original, **{f"epoch {at + 1}": image for at, image in enumerate(others)}})

# %%
held_out = tissue_data.test[3].image
plain, averaged = (tissue.predict([held_out], tta=copies)[0] for copies in (0, 8))
for title, answer in {"alone": plain, "mean of 8 variants": averaged}.items():
    print(f"{title:20}" + "  ".join(f"{name} {share:.3f}" for name, share in answer.probabilities.items()))

# %% [markdown]
# Guided backpropagation passes gradients back only where a ReLU was open and the gradient is above zero; the network
# stays in evaluation mode, and the largest over the colours is shown. `minimum`, `maximum` and `opacity` say how the
# map is laid over the image; `convscope explain` has them as flags. With `checks=True`, `explain` also says whether
# such a picture can be believed.

# %%
(explained,) = tissue.explain([held_out], ["guided", "gradcam"])
guided = explained["guided"].values
minimum, maximum, opacity = 0.2, 0.8, 0.6
strength = np.clip((np.abs(guided) / np.abs(guided).max() - minimum) / (maximum - minimum), 0, 1)
grey = held_out.mean(-1) / 255
labs.pictures({
    "image": held_out.squeeze(), "guided": np.abs(guided), "Grad-CAM": explained["gradcam"].values,
    "laid over": (1 - opacity * strength) * grey + opacity * strength,
})  # fmt: skip

# %% [markdown]
# ### Transfer
#
# ResNet-18 for two classes of 49 × 49 tissue is what the notebook transfers, from weights learned on photographs
# (`convscope train DATA --model resnet18 --pretrained public`). What it costs can be said without them.

# %%
resnet = cs.inspect("resnet18", (3, 49, 49))
billions = 16 * resnet.totals.multiplications / 1e9
print(f"{resnet.totals.parameters:,} weights; {billions:.2f} billion multiply-adds for 16 images of 49 × 49")

# %% [markdown]
# The two stages themselves, in seconds: what was learned from digits, carried over to 2,000 images of clothes. First
# a new head on frozen layers, then all layers at a tenth of the rate.

# %%
fashion = labs.find("fashion-mnist", DATA_ROOT)
if fashion is None or mnist is None:
    print(labs.missing("fashion-mnist" if fashion is None else "mnist"))
else:
    clothes = cs.load(fashion)
    some, others = np.arange(200 if SHORT else 2000), np.arange(1000)
    carried = cs.from_arrays(
        np.moveaxis(np.concatenate([clothes.train.images(some), clothes.test.images(others)]), 1, -1),
        np.concatenate([clothes.train.labels[some], clothes.test.labels[others]]),
        splits=np.repeat(["train", "valid"], [len(some), len(others)]),
    )
    stages = [
        {"epochs": 4, "lr": 0.003, "freeze": ["backbone"], "augment": False},
        {"epochs": 1 if SHORT else 6, "lr": 0.0003},
    ]
    transferred = cs.train(
        carried, "lenet", pretrained=str(digits.folder), head="hidden", stages=stages, batch_size=16, augment="none",
        baselines=False, quiet=True, out=folder / "transferred",
    )  # fmt: skip
    table = transferred.epochs
    reached = [table["valid_accuracy"][table["stage"] == stage].max() for stage in (1, 2)]
    print("head alone {:.4f}, all layers {:.4f}".format(*reached), "  batch size", transferred.plan.batch_size)

# %% [markdown]
# ## Check

# %%
assert parts.shape == (3, 1, 4, 124, 124) and mean_error < 1e-7, "rounding of float32; the notebook has 2.5e-8"
assert np.abs(swapped - framework).max() > 1e-3, "the order of the channels matters, and nothing warns"
assert shape((1, 1, 28, 28), (1, 1, 5, 5), stride=2)[2:] == (12, 12) and (28 + 0 - 5) % 2 == 1
assert used_by_2[-1] == 0 and used_by_2[0] == 1, "the last number is dropped"
assert used[0, 0] == 1 and used[6, 6] == 25
assert pooled.tolist() == [[5, 9], [4, 8]]
assert lenet.totals.parameters == 233_578
assert lenet.layers[-1].share == 1, "a class sees the whole image"
assert resnet.totals.parameters == 11_689_512 and round(billions, 2) == 1.99

# %%
if mnist is not None:
    assert sizes == (55_000, 5_000, 10_000)
    assert digits.plan.batch_size == 32 and heard.steps == len(digits.steps["step"]), "what is said is what ran"
    assert twice.max() <= 1 / 255 and abs(given.std() - 1) < 0.1
    assert np.corrcoef(steps["lr"], steps["momentum"])[0, 1] < -0.9, "against each other"
    assert by_temperature[0.5].max() >= by_temperature[1.0].max() >= by_temperature[5.0].max()
    assert all(p.argmax() == scores.argmax() for p in by_temperature.values())
    assert score.chain()[-1].op == "pixel" and abs(score.gap) < 1e-3
    assert np.sum(digits.metrics["confusion"]) == len(data.test)
    assert np.allclose(list(together[0].probabilities.values()), list(alone[0].probabilities.values()), atol=1e-5), (
        "alone or together"
    )

# %%
assert np.isclose(sum(averaged.probabilities.values()), 1, atol=1e-5) and averaged.probabilities != plain.probabilities
assert guided.shape == held_out.shape[:2]
if fashion is not None and mnist is not None:
    assert transferred.plan.batch_size == 16, "the notebook says 8 and ran 16; here both are one number"

# %%
if not SHORT:
    if mnist is not None:
        assert heard.passes[-1] >= 0.9798, "the notebook's validation accuracy after three passes"
    if lung is not None:
        assert tissue.metrics["accuracy"]["value"] > 0.6
    if fashion is not None and mnist is not None:
        assert reached[1] > reached[0], "all layers together learn more than the head alone"

# %% [markdown]
# ## Report
#
# 1. Validation and test accuracy with its interval, and the two digits that are confused most often.
# 2. Follow the score of a wrong answer down to a pixel (`cs.trace(digits, example)`). Which product decided?
# 3. What does the verdict of `convscope explain` say of guided backpropagation on your network? Would you show the
#    picture?
# 4. Which accuracy has the frozen network, which the one that learned in all layers, and what did each epoch cost?
