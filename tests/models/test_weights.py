"""Weights from files of every kind: read, renamed, laid into a network where they fit, refused where they do not."""

from __future__ import annotations

import io
import json
import pickle
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import conv2d, max_pool2d, relu

from convscope.data.preprocessing import Preprocessing
from convscope.data.spec import Classes
from convscope.errors import CheckpointError, ConfigError
from convscope.models import create
from convscope.models.fitting import load_into
from convscope.models.weights import Weights, read_weights
from convscope.runs.model_spec import ModelSpec
from real_data import real_data


def net(**options) -> nn.Module:
    torch.manual_seed(1)
    return create("resnet20", **{"classes": 10, "size": (32, 32), **options})


def save(state: dict[str, Tensor], path: Path, **metadata: str) -> Path:
    if path.suffix == ".npz":
        np.savez(path, **{name: tensor.numpy() for name, tensor in state.items()})
    elif path.suffix == ".safetensors":
        save_file(state, path, metadata)
    else:
        torch.save(state, path)
    return path


def equal(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(tensor, b.state_dict()[name]) for name, tensor in a.state_dict().items())


@pytest.mark.parametrize("kind", [".safetensors", ".npz", ".pth", ".pt"])
def test_every_kind_of_file_gives_the_same_weights(tmp_path: Path, kind: str) -> None:
    old, new = net(), create("resnet20", classes=10)
    weights = read_weights(save(old.state_dict(), tmp_path / f"w{kind}"), "resnet20")
    assert load_into(new, weights, head_is_new=False) == () and equal(new, old)
    assert weights.mean is None and weights.notes == (
        "the file does not say what images it was trained on: mean and standard deviation are those of this set",
    )


@pytest.mark.parametrize(
    ("wrap", "prefix"),
    [("state_dict", "module."), ("model", "_orig_mod.module."), ("model_state_dict", ""), ("net", "model.")],
)
def test_what_training_scripts_save(tmp_path: Path, wrap: str, prefix: str) -> None:
    old, new = net(), create("resnet20", classes=10)
    state = {f"{prefix}{name}": tensor.half() for name, tensor in old.state_dict().items() if "num_batches" not in name}
    torch.save({wrap: state, "epoch": 3}, tmp_path / "w.pth")
    load_into(new, read_weights(tmp_path / "w.pth", "resnet20"), head_is_new=False)
    kernel = new.state_dict()["layer3.0.conv2.weight"]
    torch.testing.assert_close(kernel, old.state_dict()["layer3.0.conv2.weight"], atol=1e-3, rtol=1e-3)
    assert kernel.dtype == torch.float32


def test_a_run_brings_its_scaling_and_its_name(tmp_path: Path) -> None:
    images = Preprocessing(3, 32, 24, "crop", "uint16", (257.0, 514.0, 771.0), (2570.0,) * 3)
    spec = ModelSpec("classification", "resnet20", Classes(("a", "b")), images, head="linear")
    path = save(spec.build().state_dict(), tmp_path / "model.safetensors", convscope=json.dumps(spec.to_dict()))
    weights = read_weights(path, "resnet20")
    assert weights.side == 32
    np.testing.assert_allclose([*weights.mean, *weights.std], [1, 2, 3, 10, 10, 10])
    assert load_into(create("resnet20", classes=2), weights, head_is_new=False) == (
        "these weights have no fc.weight: fc of the head starts fresh",
    )
    with pytest.raises(
        CheckpointError, match="holds the weights of the network 'resnet20', not of 'lenet'; say --model"
    ):
        read_weights(path, "lenet")


def test_other_classes_and_a_new_head_are_told() -> None:
    weights = Weights("resnet20", net().state_dict(), "w.npz", "")
    few = create("resnet20", classes=3)
    head = few.state_dict()["fc.weight"].clone()
    assert load_into(few, weights, head_is_new=False) == (
        "these weights tell 10 classes apart, this network 3: fc of the head starts fresh",
    )
    assert torch.equal(few.state_dict()["fc.weight"], head)
    assert torch.equal(few.state_dict()["layer3.2.conv2.weight"], weights.tensors["layer3.2.conv2.weight"])
    assert load_into(create("resnet20", classes=10, head="hidden"), weights, head_is_new=True) == (
        "the head is new: its weights start fresh",
    )


def test_a_head_starts_fresh_from_its_first_layer_that_does_not_fit() -> None:
    old = create("lenet", classes=10, channels=1, size=(28, 28))
    new = create("lenet", classes=10, channels=1, size=(32, 32))
    bias = new.state_dict()["7.bias"].clone()
    (note,) = load_into(new, Weights("lenet", old.state_dict(), "w", ""), head_is_new=False)
    assert note == "7.weight is 256×800 in these weights, not 256×1152: 7, 10 of the head start fresh"
    assert torch.equal(new.state_dict()["7.bias"], bias)  # it would fit, but belongs to the fresh weights


def test_channels() -> None:
    weights = Weights("resnet20", net().state_dict(), "w", "", (1.0, 2.0, 6.0), (1.0, 2.0, 3.0))
    x = torch.randn(2, 1, 32, 32)
    responses = {}
    for channels in (1, 2, 3, 7):
        new = create("resnet20", classes=10, channels=channels)
        notes = load_into(new, weights, head_is_new=False)
        responses[channels] = new.eval()(x.expand(-1, channels, -1, -1))
        assert (len(notes) == 1 and "the first kernel, conv1.weight, takes 3 channels" in notes[0]) == (channels != 3)
    torch.testing.assert_close(responses[1], responses[3])  # a grey image shown in colour
    torch.testing.assert_close(conv2d(x, weights.tensors["conv1.weight"].sum(1, keepdim=True)).shape[1], 16)
    six = create("resnet20", classes=10, channels=6)
    load_into(six, weights, head_is_new=False)
    torch.testing.assert_close(six.eval()(x.expand(-1, 6, -1, -1)), responses[3])
    assert weights.scaling(1) == ((3.0,), (2.0,)) and weights.scaling(4) == ((1.0, 2.0, 6.0, 1.0), (1.0, 2.0, 3.0, 1.0))


def test_weights_of_another_architecture_say_what_they_fit(tmp_path: Path) -> None:
    path = save(net().state_dict(), tmp_path / "w.npz")
    new = create("resnet18", classes=10)
    before = {name: tensor.clone() for name, tensor in new.state_dict().items()}
    with pytest.raises(CheckpointError) as caught:
        load_into(new, read_weights(path, "resnet18"), head_is_new=False)
    text = str(caught.value)
    assert (
        f"{path} does not fit 'resnet18': " in text and "of its 122 tensors are missing: layer2.0.downsample.0" in text
    )
    assert "conv1.weight (16×3×3×3, not 64×3×7×7)" in text and text.endswith("they fit: resnet20")
    assert all(torch.equal(tensor, before[name]) for name, tensor in new.state_dict().items())


def test_deeper_weights_do_not_pass_for_shallower_ones() -> None:
    deep = Weights("resnet20", create("resnet32", classes=10).state_dict(), "w", "")
    with pytest.raises(CheckpointError, match=r"24 are not known to it|are not known to it: layer1\.3"):
        load_into(net(head="linear"), deep, head_is_new=True)


@pytest.mark.parametrize("kind", [".safetensors", ".npz", ".pth"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_file_cut_short(tmp_path: Path, kind: str, share: float) -> None:
    path = save(net().state_dict(), tmp_path / f"w{kind}")
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(CheckpointError, match=rf"w\{kind} is damaged or cut short \(.+\); take another copy"):
        read_weights(path, "resnet20")


class Malicious:
    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("kind", [".pth", ".npz"])
def test_code_in_a_file_is_not_run(tmp_path: Path, kind: str) -> None:
    ran, path = tmp_path / "ran", tmp_path / f"w{kind}"
    if kind == ".pth":
        torch.save({"conv1.weight": Malicious(ran)}, path)
    else:
        np.savez(path, **{"conv1.weight": np.array([Malicious(ran)], dtype=object)}, allow_pickle=True)
    with pytest.raises(
        CheckpointError, match=r"holds pickled code \(.+\), and was not|could run code, and are not read"
    ):
        read_weights(path, "resnet20")
    assert not ran.exists()
    torch.load(path, weights_only=False) if kind == ".pth" else np.load(path, allow_pickle=True)["conv1.weight"]
    assert ran.exists()  # it would have run


def test_a_whole_module_and_other_things_are_no_state_dict(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "net.pth")
    with pytest.raises(
        CheckpointError, match=r"holds pickled code \(torch\.nn\.modules\.linear\.Linear\), and was not"
    ):
        read_weights(tmp_path / "net.pth", "resnet20")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # torch's, of its own TorchScript
        torch.jit.trace(nn.ReLU(), torch.zeros(2)).save(tmp_path / "net.pt")
    with pytest.raises(CheckpointError, match="is a TorchScript program, no state dict"):
        read_weights(tmp_path / "net.pt", "resnet20")
    torch.save([torch.zeros(2)], tmp_path / "list.pth")
    with pytest.raises(CheckpointError, match="holds a list, not a state dict"):
        read_weights(tmp_path / "list.pth", "resnet20")
    torch.save({"epoch": 3, "lr": 0.1}, tmp_path / "none.pth")
    with pytest.raises(CheckpointError, match=r"holds no tensors, but 'epoch', 'lr'; .*save model\.state_dict\(\)"):
        read_weights(tmp_path / "none.pth", "resnet20")


def test_numbers_that_are_none_name_their_tensor(tmp_path: Path) -> None:
    state = net().state_dict()
    state["layer2.1.bn1.weight"][3:5] = torch.tensor([float("nan"), float("inf")])
    with pytest.raises(CheckpointError, match=r"2 of the 32 numbers of layer2\.1\.bn1\.weight are NaN or infinite"):
        read_weights(save(state, tmp_path / "w.npz"), "resnet20")


def test_numbers_that_can_be_no_weights_name_their_tensor(tmp_path: Path) -> None:
    state = net().state_dict()
    wide = {name: np.asarray(one, np.float64) for name, one in state.items()}
    np.savez(tmp_path / "wide.npz", **(wide | {"conv1.weight": wide["conv1.weight"] * 1e300}))
    with pytest.raises(CheckpointError, match=r"432 of the 432 numbers of conv1\.weight are .* infinite in float32"):
        read_weights(tmp_path / "wide.npz", "resnet20")
    state["bn1.running_var"][3] = -1
    with pytest.raises(CheckpointError, match=r"1 of the 16 numbers of bn1\.running_var are below 0"):
        read_weights(save(state, tmp_path / "w.npz"), "resnet20")


def test_an_array_that_promises_more_than_there_is_is_damaged(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (100000, 100000, 1000)}
    )
    with zipfile.ZipFile(tmp_path / "w.npz", "w") as archive:
        archive.writestr("conv1.weight.npy", header.getvalue() + bytes(64))
    with pytest.raises(CheckpointError, match=r"w\.npz is damaged or cut short \(conv1\.weight: "):
        read_weights(tmp_path / "w.npz", "resnet20")


def test_a_plain_pickle_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(pickle.dumps({"conv1.weight": slice(3)}, protocol=4))
    with pytest.raises(CheckpointError, match=r"a pickle that torch\.save did not write, and was not read"):
        read_weights(tmp_path / "w.pth", "resnet20")


@pytest.mark.parametrize("kind", [np.int8, np.uint16, np.int64, bool, complex])
def test_numbers_that_are_no_weights_name_their_tensor(tmp_path: Path, kind: type) -> None:
    arrays = {name: tensor.numpy() for name, tensor in net().state_dict().items()}
    np.savez(tmp_path / "w.npz", **{**arrays, "layer2.1.conv1.weight": arrays["layer2.1.conv1.weight"].astype(kind)})
    with pytest.raises(CheckpointError, match=r"w\.npz: layer2\.1\.conv1\.weight holds numbers of type \w+, expected"):
        read_weights(tmp_path / "w.npz", "resnet20")
    np.savez(tmp_path / "w.npz", **{**arrays, "names": np.array(["cat", "dog"])})
    with pytest.raises(CheckpointError, match=r"w\.npz: names holds no numbers but <U3; leave it out"):
        read_weights(tmp_path / "w.npz", "resnet20")


@pytest.mark.parametrize("kind", [".npz", ".pth"])
def test_a_file_with_a_changed_byte(tmp_path: Path, kind: str) -> None:
    path = save(net().state_dict(), tmp_path / f"w{kind}")
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(CheckpointError, match="in it does not have the checksum it was saved with"):
        read_weights(path, "resnet20")


@pytest.mark.parametrize("kind", [".npz", ".pth"])
def test_a_file_of_something_else(tmp_path: Path, kind: str) -> None:
    (tmp_path / f"w{kind}").write_text("<html>log in</html>")
    with pytest.raises(CheckpointError, match=r"begins b'<html>log in"):
        read_weights(tmp_path / f"w{kind}", "resnet20")


def test_a_folder_stands_for_the_weights_in_it(tmp_path: Path) -> None:
    path = save(net().state_dict(), tmp_path / "model.safetensors")
    weights = read_weights(tmp_path, "resnet20")
    assert weights.source == str(path) and load_into(net(), weights, head_is_new=False) == ()
    path.rename(tmp_path / "other.safetensors")
    with pytest.raises(
        CheckpointError,
        match=r"is a folder without weights: it holds no model\.safetensors; name one of these: .*other\.safetensors$",
    ):
        read_weights(tmp_path, "resnet20")
    with pytest.raises(CheckpointError, match="name a weights file, or a finished run"):
        (tmp_path / "empty").mkdir()
        read_weights(tmp_path / "empty", "resnet20")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    save(net().state_dict(), tmp_path / "resnet20.npz")
    with pytest.raises(CheckpointError, match=r"there is no weights file .*resnet2\.npz; did you mean 'resnet20\.npz'"):
        read_weights(tmp_path / "resnet2.npz", "resnet20")
    (tmp_path / "w.h5").touch()
    with pytest.raises(
        CheckpointError, match=r"is no weights file: its name ends in '\.h5', not in one of \.safetensors"
    ):
        read_weights(tmp_path / "w.h5", "resnet20")


def test_published_densenets_and_googlenets_are_renamed(tmp_path: Path) -> None:
    dense = create("densenet", classes=3, size=(64, 64))
    state = {
        name.replace(".norm1.", ".norm.1.").replace(".conv2.", ".conv.2."): t for name, t in dense.state_dict().items()
    }
    assert set(state) != set(dense.state_dict())
    weights = read_weights(save(state, tmp_path / "d.pth"), "densenet")
    assert load_into(create("densenet", classes=3, size=(64, 64)), weights, head_is_new=False) == ()
    inception = create("googlenet", classes=1000)
    state = {**inception.state_dict(), "aux1.conv.conv.weight": torch.zeros(128, 512, 1, 1)}
    weights = read_weights(save(state, tmp_path / "g.pth"), "googlenet")
    assert load_into(inception, weights, head_is_new=False) == () and weights.mean == (127.5, 127.5, 127.5)
    assert "auxiliary classifiers" in weights.notes[0] and "the file has 1,000 classes" in weights.notes[1]


def test_real_resnet20_answers_as_published() -> None:
    weights = read_weights(real_data("resnet20_cifar10/resnet20_cifar10.npz"), "resnet20")
    new = create("resnet20", classes=10).eval()
    assert load_into(new, weights, head_is_new=False) == () and weights.side == 32
    with np.load(real_data("cifar10/cifar10_exact_first4000.npz")) as file:
        x, y = torch.from_numpy(file["x"][:1000]).permute(0, 3, 1, 2).float(), file["y"][:1000]
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in weights.scaling(3))  # pyright: ignore
    with torch.no_grad():
        answers = torch.cat([new(some).argmax(1) for some in ((x - mean) / std).split(250)])
    assert (answers.numpy() == y).mean() >= 0.99


def test_real_squeezenet_computes_what_caffes_recipe_does() -> None:
    path = real_data("squeezenet1_0_imagenet/squeezenet1_0_imagenet.npz")
    weights = read_weights(path, "squeezenet1_0")
    assert "turned round" in weights.notes[0] and (weights.mean, weights.side) == ((123.0, 117.0, 104.0), 227)
    new = create("squeezenet1_0", classes=1000).eval()
    load_into(new, weights, head_is_new=False)
    photos = sorted(real_data("hymenoptera").glob("*/bees/*.jpg"))[::10]
    rgb = np.stack([np.asarray(Image.open(photo).convert("RGB").resize((227, 227))) for photo in photos])
    x = torch.from_numpy(rgb).permute(0, 3, 1, 2).float()
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in weights.scaling(3))  # pyright: ignore
    with torch.no_grad():
        ours = new((x - mean) / std)
        theirs = _caffe(dict(np.load(path)), x.flip(1) - torch.tensor([104.0, 117.0, 123.0]).view(3, 1, 1), padding=0)
        padded = _caffe(dict(np.load(path)), x.flip(1) - torch.tensor([104.0, 117.0, 123.0]).view(3, 1, 1), padding=1)
    torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=1e-3)
    assert torch.equal(ours.argmax(1), padded.argmax(1))
    bee = 309
    assert (ours.topk(5).indices == bee).any(1).float().mean() >= 0.8


def _caffe(raw: dict[str, np.ndarray], x: Tensor, padding: int) -> Tensor:
    """Compute SqueezeNet 1.0 layer by layer as the data's recipe tells it, from the file's own names, in BGR."""

    def layer(x: Tensor, name: str, **how: int) -> Tensor:
        return relu(conv2d(x, torch.from_numpy(raw[f"{name}.weight"]), torch.from_numpy(raw[f"{name}.bias"]), **how))

    x = max_pool2d(layer(x, "conv1", stride=2), 3, 2, ceil_mode=True)
    for fire in range(2, 10):
        s = layer(x, f"fire{fire}/conv1x1_1")
        x = torch.cat([layer(s, f"fire{fire}/conv1x1_2"), layer(s, f"fire{fire}/conv3x3_2", padding=1)], 1)
        if fire in (4, 8):
            x = max_pool2d(x, 3, 2, ceil_mode=True)
    return layer(x, "conv_final", padding=padding).mean((2, 3))


def test_timm_names_need_timm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ConfigError, match=r"timm is not installed; install it: pip install 'convscope\[timm\]'"):
        create("timm:resnet18", classes=2)


@pytest.mark.parametrize(
    ("name", "encoder", "kind"),
    [("unet_mini", "unet_encoder_mini", "run"), ("unet:resnet18", "resnet18", "file"), ("unet:vgg11", "vgg11", "file")],
)
def test_a_segmentation_network_begins_with_a_classifier_s_features(
    tmp_path: Path, name: str, encoder: str, kind: str
) -> None:
    torch.manual_seed(0)
    small = {"unet_encoder_mini": 28}.get(encoder, 224)
    if kind == "run":
        images = Preprocessing(1, small, small, "crop", "uint8", (20.0,), (40.0,))
        spec = ModelSpec("classification", encoder, Classes(("a", "b")), images)
        state = spec.build().state_dict()
        path = save(state, tmp_path / "model.safetensors", convscope=json.dumps(spec.to_dict()))
    else:
        with torch.device("meta"):
            meta = create(encoder, classes=7, channels=3)
        state = {k: torch.randn(v.shape).abs() for k, v in meta.state_dict().items() if "num_batches" not in k}
        state = {k: v for k, v in state.items() if not k.startswith("classifier")}  # VGG has 120 million weights there
        path = save(state, tmp_path / "w.pth")
    new = create(name, classes=3, channels=1)
    before = {key: tensor.clone() for key, tensor in new.state_dict().items()}
    weights = read_weights(path, name)
    notes = load_into(new, weights, head_is_new=False)
    assert notes[-1] == "these weights have no decoder, which starts fresh" and weights.side is None
    after = new.state_dict()
    taken = [key for key in state if key in after and state[key].shape == after[key].shape]
    assert len(taken) > 14 and all(torch.equal(after[key], state[key]) for key in taken)
    assert all(torch.equal(after[key], before[key]) for key in after if key.startswith("decoder"))
    if kind == "file":
        torch.testing.assert_close(next(iter(after.values())), next(iter(state.values())).sum(1, keepdim=True))
    else:
        assert weights.mean == (20.0,)


def test_a_segmentation_network_begins_with_another_one_of_other_classes(tmp_path: Path) -> None:
    old, new = (create("unet:resnet18", classes=classes, channels=3, size=(64, 64)) for classes in (2, 5))
    out = new.state_dict()["decoder.out.weight"].clone()
    weights = read_weights(save(old.state_dict(), tmp_path / "w.safetensors"), "unet:resnet18")
    assert load_into(new, weights, head_is_new=False) == (
        "these weights tell 2 classes apart, this network 5: decoder.out of the head starts fresh",
    )
    after = new.state_dict()
    assert torch.equal(after["decoder.out.weight"], out)
    assert all(torch.equal(after[key], old.state_dict()[key]) for key in after if not key.startswith("decoder.out"))
    others = read_weights(tmp_path / "w.safetensors", "unet_mini")
    with pytest.raises(CheckpointError, match=r"does not fit 'unet_mini': .*; they fit: unet:resnet18$"):
        load_into(create("unet_mini", classes=2, channels=1), others, head_is_new=False)
    with pytest.raises(ConfigError, match="no public weights are known of 'unet_mini'"):
        read_weights("public", "unet_mini")
