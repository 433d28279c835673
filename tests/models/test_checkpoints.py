"""Checkpoints of other trainers: the network's tensors are found among others, and what was taken is said."""

from __future__ import annotations

import argparse
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from convscope.errors import CheckpointError
from convscope.models import create
from convscope.models.fitting import load_into
from convscope.models.weights import read_weights


def net(seed: int = 1) -> nn.Module:
    torch.manual_seed(seed)
    return create("resnet20", classes=10, size=(32, 32))


def named(prefix: str, seed: int = 1) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in net(seed).state_dict().items()}


METRICS = {"criterion.weight": torch.ones(10), "val_acc.tp": torch.zeros(10, dtype=torch.long)}
LIGHTNING = {"epoch": 3, "state_dict": named("model.") | METRICS, "optimizer_states": [], "hyper_parameters": {"lr": 1}}
TAKEN: dict[str, tuple[Any, str]] = {
    "nested.pth": (named("module._orig_mod."), "the prefix 'module._orig_mod.' of the file"),
    "last.ckpt": (LIGHTNING, "'state_dict' and the prefix 'model.' of the file; left out beside them: 2 tensors"),
    "best.pth.tar": (
        {"epoch": 3, "arch": "resnet20", "state_dict": named("module.")},
        "the key 'state_dict' and the prefix 'module.' of the file",
    ),
    "timm.pth": (
        {"state_dict": named("", 2), "state_dict_ema": named("")},
        "the key 'state_dict_ema' of the file; not taken: 'state_dict'",
    ),
    "torchvision.pth": ({"model": named("", 2), "model_ema": named("module.")}, "'model_ema' and the prefix 'module.'"),
    "dino.pth": (
        {
            "student": named("module.backbone.", 2) | {"module.head.last.weight": torch.ones(8, 64)},
            "teacher": named("backbone.") | {"head.last.weight": torch.ones(8, 64)},
            "dino_loss": {"center": torch.zeros(1, 8)},
        },
        "the key 'teacher' and the prefix 'backbone.' of the file; left out beside them: 1 tensor (head.last.weight)",
    ),
    "flat_dino.bin": (named("teacher.backbone.") | named("student.backbone.", 2), "the prefix 'teacher.backbone.'"),
    "deep.pt": (
        {"state": {"net": {"weights": named("encoder.")}}, "optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}}},
        "the key 'state/net/weights' and the prefix 'encoder.'",
    ),
    "averaged.pth": (AveragedModel(net()).state_dict(), "the prefix 'module.' of the file; left out beside them: 1"),
    "two_names.ckpt": (
        {"state_dict": named("model.") | {f"alias.{name}": tensor for name, tensor in named("").items()}},
        "the key 'state_dict' and the prefix 'model.'",
    ),
    "step_500": (named("model."), "the prefix 'model.'"),  # no ending: known by its content
    "counted.pth": ({**named(""), "epoch": 3}, ""),
}


@pytest.mark.parametrize("name", TAKEN)
def test_the_network_is_found_and_said(tmp_path: Path, name: str) -> None:
    content, said = TAKEN[name]
    torch.save(content, tmp_path / name)
    weights = read_weights(tmp_path / name, "resnet20")
    new = net(3)
    assert load_into(new, weights, head_is_new=False) == ()
    state = new.state_dict()
    assert all(torch.equal(tensor, state[key]) for key, tensor in net().state_dict().items())
    assert said in weights.notes[0] if said else len(weights.notes) == 1


def test_prefixes_are_taken_off_in_files_of_every_kind(tmp_path: Path) -> None:
    save_file(named("timm_model."), tmp_path / "model.safetensors")
    weights = read_weights(tmp_path / "model.safetensors", "resnet20")
    assert load_into(net(3), weights, head_is_new=False) == () and "'timm_model.'" in weights.notes[0]


def test_two_networks_that_fit_equally_are_refused_with_their_places(tmp_path: Path) -> None:
    torch.save({"state_dict": named("left.") | named("right.", 2)}, tmp_path / "pair.ckpt")
    with pytest.raises(CheckpointError, match=r"several networks .*'left\.'.*'right\.'.*k\.removeprefix\('left\.'\)"):
        read_weights(tmp_path / "pair.ckpt", "resnet20")


def test_a_teacher_of_another_size_is_not_mistaken_for_the_network(tmp_path: Path) -> None:
    teacher = {f"teacher.{name}": tensor for name, tensor in create("resnet32", classes=10).state_dict().items()}
    torch.save({"state_dict": named("student.") | teacher}, tmp_path / "distilled.ckpt")
    weights = read_weights(tmp_path / "distilled.ckpt", "resnet20")
    assert load_into(net(3), weights, head_is_new=False) == () and "'student.'" in weights.notes[0]


def test_another_network_behind_a_prefix_is_still_recognised(tmp_path: Path) -> None:
    torch.save(LIGHTNING, tmp_path / "last.ckpt")
    with pytest.raises(CheckpointError, match=r"does not fit 'resnet18': .*; they fit: resnet20$"):
        load_into(create("resnet18", classes=10), read_weights(tmp_path / "last.ckpt", "resnet18"), head_is_new=True)
    vgg = create("vgg11", classes=10, size=(32, 32)).state_dict()
    torch.save(vgg, tmp_path / "vgg.pth")  # its features.0 and features.3 are named as LeNet's layers, behind a prefix
    weights = read_weights(tmp_path / "vgg.pth", "lenet")
    with pytest.raises(CheckpointError, match=r"are not known to it: features\.0\.weight.*they fit: vgg11"):
        load_into(create("lenet", classes=10, size=(28, 28)), weights, head_is_new=False)


def test_objects_beside_the_tensors_are_refused_with_the_key_to_take(tmp_path: Path) -> None:
    torch.save({"model": named(""), "args": argparse.Namespace(lr=0.1)}, tmp_path / "checkpoint.pth")
    with pytest.raises(CheckpointError) as caught:
        read_weights(tmp_path / "checkpoint.pth", "resnet20")
    text = str(caught.value)
    assert "holds pickled code (argparse.Namespace, beside its tensors), and was not read" in text
    assert "torch.save(torch.load(FILE, weights_only=False)['model'], 'weights.pth')" in text


def test_endings_of_other_programs_say_what_to_save(tmp_path: Path) -> None:
    for name, why in (("w.h5", "Keras"), ("w.onnx", "whole network"), ("w.txt", "in one of .safetensors, .npz, .pth")):
        (tmp_path / name).write_bytes(b"\x89 something else")
        with pytest.raises(CheckpointError, match=rf"{why}.*torch\.save\(model\.state_dict\(\), 'weights\.pth'\)"):
            read_weights(tmp_path / name, "resnet20")
    with tarfile.open(tmp_path / "w.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("w.pth"), io.BytesIO())
    with pytest.raises(CheckpointError, match="is an archive of files: unpack it"):
        read_weights(tmp_path / "w.tar", "resnet20")


def test_single_integers_and_sparse_tensors_are_no_weights(tmp_path: Path) -> None:
    small = create("lenet", classes=1, channels=1, size=(28, 28)).state_dict()
    torch.save({**small, "10.bias": torch.tensor([3])}, tmp_path / "one.pth")
    with pytest.raises(CheckpointError, match=r"10\.bias holds numbers of type int64"):
        read_weights(tmp_path / "one.pth", "lenet")
    torch.save({**small, "10.weight": small["10.weight"].to_sparse()}, tmp_path / "sparse.pth")
    with pytest.raises(CheckpointError, match=r"10\.weight is no plain tensor \(torch\.sparse_coo"):
        read_weights(tmp_path / "sparse.pth", "lenet")
