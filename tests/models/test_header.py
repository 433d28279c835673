"""What a weights file says of itself: any target comes back as it was, and what is wrong is refused by its field."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from convscope.data.masks import MaskRule
from convscope.data.spec import Classes, InputSpec, Labels, Numbers, Points, TargetSpec
from convscope.data.transforms import ImageTransform, SignalTransform
from convscope.errors import CheckpointError
from convscope.models.header import parse, read_header
from convscope.runs.model_spec import ModelSpec

SIGNALS = SignalTransform(2, None, (0.5, 1.0), (2.0, 3.0))
RULE = ImageTransform(1, 8, 8, "crop", "uint8", (9.0,), (5.0,))
TARGETS: tuple[TargetSpec, ...] = (
    Classes(("ant", "bee")),
    Labels(("red", "round", "ripe")),
    Numbers(("age", "height"), ("years", "cm"), (31.5, 170.25), (11.0, 9.5)),
    Points(
        ("left eye", "right eye", "nose"),
        (64, 48),
        pairs=((0, 1),),
        shape=((0.25, 0.5), (0.75, 0.5), (0.5, 0.625)),
        normaliser="box",
    ),
)


def spec(target: TargetSpec) -> ModelSpec:
    return ModelSpec("classification", "tiny", target, RULE, {"width": 3}, "linear")


@pytest.mark.parametrize("target", TARGETS, ids=[target.kind for target in TARGETS])
def test_every_target_survives_the_way_to_disk(target: TargetSpec) -> None:
    written = json.dumps(spec(target).to_dict())
    assert ModelSpec.from_header(parse(json.loads(written))) == spec(target)


def test_what_is_done_to_signals_survives_it_too() -> None:
    of_signals = replace(spec(TARGETS[2]), preprocessing=SIGNALS)
    again = ModelSpec.from_header(parse(json.loads(json.dumps(of_signals.to_dict()))))
    assert again == of_signals and again.input == InputSpec(2, (None,))


def test_what_masks_meant_survives_it_and_older_files_do_not_say() -> None:
    rule = MaskRule("classes", ("sky", "road"), (0.0, 3.0, 255.0), (0, 1, 255), palette=(0, 255))
    of_masks = replace(spec(TARGETS[0]), masks=rule)
    values = json.loads(json.dumps(of_masks.to_dict()))
    assert ModelSpec.from_header(parse(values)) == of_masks and parse(spec(TARGETS[0]).to_dict()).masks is None
    for change, field in (({"classes": [0, 2, 255]}, "classes from 0 to 1.*2"), ({"values": [0]}, "each of 1 values"),
                          ({"kind": "odd"}, r"masks\.kind")):  # fmt: skip
        with pytest.raises(CheckpointError, match=field):
            read_header(Path("run/model.safetensors"), json.dumps({**values, "masks": {**values["masks"], **change}}))


SIGNAL_CHANGES: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("mean.*2, found 1", lambda p: p.update(mean=[0.0])),
    ("std.*above 0, found 2.0, 0.0", lambda p: p.update(std=[2.0, 0.0])),
    (r"at least 1, found \(2, 0\)", lambda p: p.update(length=0)),
    ("channels", lambda p: p.update(channels="2")),
    ("mean", lambda p: p.pop("mean")),
]


@pytest.mark.parametrize(("field", "change"), SIGNAL_CHANGES, ids=[field for field, _ in SIGNAL_CHANGES])
def test_what_is_wrong_with_it_is_refused(field: str, change: Callable[[dict[str, Any]], object]) -> None:
    values = json.loads(json.dumps(replace(spec(TARGETS[2]), preprocessing=SIGNALS).to_dict()))
    change(values["preprocessing"])
    with pytest.raises(CheckpointError, match=f"preprocessing.*{field}"):
        read_header(Path("run/model.safetensors"), json.dumps(values))


def test_classes_are_written_as_they_always_were() -> None:
    assert list(spec(Classes(("ant", "bee"))).to_dict().items()) == [
        ("format", 1),
        ("task", "classification"),
        ("model", "tiny"),
        ("options", {"width": 3}),
        ("head", "linear"),
        ("classes", ["ant", "bee"]),
        (
            "preprocessing",
            {"channels": 1, "height": 8, "width": 8, "fit": "crop", "dtype": "uint8", "mean": (9.0,), "std": (5.0,)},
        ),
    ]
    assert spec(Classes(("ant", "bee"))).classes == ("ant", "bee")


def test_what_learns_no_classes_has_none() -> None:
    assert "classes" not in spec(TARGETS[2]).to_dict()
    with pytest.raises(AttributeError, match="no classes"):
        _ = spec(TARGETS[2]).classes


NUMBERS, POINTS = TARGETS[2:]
CHANGES: list[tuple[TargetSpec, str, Callable[[dict[str, Any]], object]]] = [
    (NUMBERS, "target: missing", lambda h: h.pop("target")),
    (NUMBERS, "target.kind.*found None", lambda h: h["target"].pop("kind")),
    (NUMBERS, "target.kind.*'evil'", lambda h: h["target"].update(kind="evil")),
    (NUMBERS, "target.kind.*'classes'", lambda h: h["target"].update(kind="classes")),
    (NUMBERS, "target", lambda h: h.update(target=[1])),
    (NUMBERS, "target: .*mean", lambda h: h["target"].pop("mean")),
    (NUMBERS, r"target\.mean", lambda h: h["target"].update(mean=["1", 2])),
    (NUMBERS, "target: mean.*2.*1", lambda h: h["target"].update(mean=[1.0])),
    (NUMBERS, "target: mean.*nan", lambda h: h["target"].update(mean=[1.0, float("nan")])),
    (NUMBERS, "target: std.*0.0", lambda h: h["target"].update(std=[1.0, 0.0])),
    (NUMBERS, "target: units.*3", lambda h: h["target"].update(units=["a", "b", "c"])),
    (NUMBERS, "target: names", lambda h: h["target"].update(names=["", "b"])),
    (NUMBERS, "target: names", lambda h: h["target"].update(names=[], units=[], mean=[], std=[])),
    (POINTS, r"target\.pairs", lambda h: h["target"].update(pairs=[[0, 1, 2]])),
    (POINTS, "target: pairs.*2", lambda h: h["target"].update(pairs=[[0, 3]])),
    (POINTS, "target: shape.*3 points", lambda h: h["target"].update(shape=[[0.0, 1.0]])),
    (POINTS, "target: shape.*inf", lambda h: h["target"].update(shape=[[0.0, 1.0], [0.0, 1.0], [0.0, float("inf")]])),
    (POINTS, r"preprocessing.*kind.*'smell'", lambda h: h["preprocessing"].update(kind="smell")),
    (POINTS, "task.*'clasification'.*'classification'", lambda h: h.update(task="clasification")),
]


@pytest.mark.parametrize(("target", "field", "change"), CHANGES, ids=[field for _, field, _ in CHANGES])
def test_what_is_wrong_is_refused_by_its_field(
    target: TargetSpec, field: str, change: Callable[[dict[str, Any]], object]
) -> None:
    values = json.loads(json.dumps(spec(target).to_dict()))
    change(values)
    with pytest.raises(CheckpointError, match=rf"run/model\.safetensors.*{field}"):
        read_header(Path("run/model.safetensors"), json.dumps(values))
