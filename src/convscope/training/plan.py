"""Every setting of a training run, with its default and its meaning, in one place.

The command line's flags, the keys of ``--config`` files and the keyword arguments of ``convscope.train`` are these
fields. A value of ``"auto"`` (or ``None`` where the type says so) is settled from the data by ``training.defaults``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import Field, asdict, dataclass, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from convscope.errors import ConfigError, nearest
from convscope.tasks.registry import names, options_of
from convscope.tasks.settings import outside, setting
from convscope.training.limits import STAGE_RANGES, check, check_ranges, parse_time

Schedules = Literal["onecycle", "cosine", "constant"]


@dataclass(frozen=True)
class Stage:
    """A part of a training with its own length, rate and frozen weights; the stages of a run follow one another.

    ``lr`` is the head's highest rate, and each layer group further down learns at ``decay`` times the rate of the one
    above it. ``freeze`` are patterns of weights that stand still, as in ``models.transfer.frozen``. ``augment`` says
    whether the plan's augmentation is used. ``once`` says whether the features of the frozen first layers are
    computed once and kept. What is ``None`` is settled: rate and schedule as the plan's, ``once`` where it can be.
    """

    epochs: int
    lr: float | None = None
    sched: Schedules | None = None
    freeze: tuple[str, ...] = ()
    augment: bool = True
    decay: float = 1.0
    once: bool | None = None

    def __post_init__(self) -> None:
        check_ranges(self, STAGE_RANGES, "setting 'stages': a stage's ")


@dataclass(frozen=True)
class Plan:
    """All settings of one run; ``metadata["help"]`` of each field is its documentation."""

    model: str = setting("auto", "Network", "network name (see `convscope models`), or package.module:name of your own")
    set: dict[str, int | float | bool | str | tuple[int | float, ...]] = setting(
        {}, "Network", "options of the network, as key=value; a list as key=4,4,8"
    )
    strand_symmetric: bool = setting(
        False, "Network", "give a DNA sequence and its reverse complement the same answer (conv_dna, danq)"
    )

    pretrained: str | None = setting(
        None, "Transfer", "start from these weights: a file (.safetensors, .npz, .pth), a run folder, or public"
    )
    head: Literal["auto", "own", "linear", "hidden", "heatmap"] = setting(
        "auto",
        "Transfer",
        "own, a new linear one, hidden: with a layer between, or heatmap: of points; auto: linear if pretrained",
    )
    freeze: str | None = setting(
        None,
        "Transfer",
        "parameters to freeze: backbone (all but the head), or layers such as layer1,features.[0-4]",
    )
    unfreeze_at: str | None = setting(
        None,
        "Transfer",
        "epochs such as 2,4,6: each unfreezes one more layer group, from the head down; the last one all",
    )
    layer_decay: float | None = setting(
        None, "Transfer", "learning rate of each layer group, as a fraction of that of the group above it"
    )
    stages: tuple[Stage, ...] = setting((), "Transfer", "the stages of the training, if given")

    epochs: int | None = setting(None, "Training", "passes over the training examples")
    time: str | None = setting(
        None, "Training", "time budget of the training such as 90s, 10m or 1h; the schedule ends when it is used up"
    )
    batch_size: int | None = setting(None, "Training", "examples per training step")
    lr: float | None = setting(None, "Training", "highest learning rate")
    opt: Literal["adamw", "sgd"] = setting("adamw", "Training", "AdamW, or SGD with Nesterov momentum")
    sched: Schedules = setting("onecycle", "Training", "learning-rate schedule")
    warmup_epochs: float = setting(0.0, "Training", "epochs of linear warm-up before cosine or constant")
    momentum: float = setting(0.9, "Training", "momentum (beta1 of AdamW); one-cycle varies it against the rate")
    weight_decay: float = setting(0.05, "Training", "weight decay; norms and biases have none")
    clip_grad: float | None = setting(None, "Training", "largest norm of the gradient")
    ema: float | None = setting(None, "Training", "evaluate a moving average of the weights with this decay")
    patience: int | None = setting(None, "Training", "stop after so many epochs without a better validation score")
    select: Literal["auto", "best", "last"] = setting(
        "auto",
        "Training",
        "weights to keep: best epoch on validation, or last; auto: best where there is a test split, or patience",
    )
    augment: str = setting(
        "auto",
        "Training",
        "augmentation: words such as 'hflip rotate=10', a preset (digits, natural, tissue, microscopy, signals, "
        "texts), or none",
    )
    seed: int = setting(0, "Training", "random seed: same seed, same machine, same weights to the byte")
    device: str = setting("cpu", "Training", "cpu or cuda:0")

    amp: bool | None = setting(None, "Speed", "compute in bfloat16; by default as measured")
    channels_last: bool | None = setting(None, "Speed", "store channels last in memory; by default as measured")
    compile: bool | None = setting(
        None, "Speed", "compile the training steps (needs a C++ compiler); by default where that pays"
    )
    threads: int | None = setting(
        None, "Speed", "processor threads; by default as PyTorch chooses; same weights to the byte need the same number"
    )
    rewrite: bool = setting(True, "Speed", "run exact, faster forms of layers, such as pooling before an activation")

    task: str = setting("auto", "Data", "what to learn; auto: decided by the targets")
    task_options: dict[str, Any] = setting({}, "Data", "the task's own settings, which stand beside the others")
    img_size: int | tuple[int, int] | None = setting(None, "Data", "image size: one number, or height and width")
    fit: Literal["auto", "crop", "pad", "squash", "centre", "keep"] = setting(
        "auto",
        "Data",
        "how images of another size are resized; centre cuts the middle out; auto: keep with masks, pad with points, "
        "else crop",
    )
    crop_points: float | None = setting(
        None, "Data", "cut each image to the square around its true points, this share wider at each end, such as 0.2"
    )
    mask: Literal["auto", "binary", "classes", "instances"] = setting(
        "auto", "Data", "what the values of masks are; auto: told from all masks, as the table of values says"
    )
    ignore: str | None = setting(None, "Data", "value or class of masks that is not scored, such as 255 or void")
    classes: str | None = setting(None, "Data", "file of the names of mask classes: one a line, or value=name")
    mask_threshold: float | None = setting(
        None, "Data", "mask value from which on a pixel belongs to the object, such as 128, for masks with soft edges"
    )
    stacks: Literal["auto", "slices", "volumes", "clips"] = setting(
        "auto",
        "Data",
        "whether a file of several pages, or a folder of images, is a clip, a volume, or slices, each an image; auto: "
        "slices; videos, animated GIFs and folders of frames are clips, NIfTI and .npy of three axes volumes",
    )
    frames: int | None = setting(
        None,
        "Data",
        "frames of a clip, or slices of a volume, that are seen, at even distances; by default all, at most 16",
        at_least=2,
    )
    spacing: str | None = setting(
        None,
        "Data",
        "distances of a volume's voxels: depth, height, width, such as 50,4,4; by default the file's",
    )
    valid: float | int | None = setting(
        None, "Data", "validation share (0.1) or number of examples (500), where the set has no such split"
    )
    test: float | int | None = setting(None, "Data", "test share or number of examples, likewise")
    split_seed: int | None = setting(None, "Data", "seed of drawn splits and generated images; by default the seed")
    split_file: str | None = setting(
        None, "Data", "CSV of id and split (train, valid, test), used in place of the set's own split"
    )
    folds: int | None = setting(None, "Data", "cut the set into this many folds, each of which is the test split once")
    fold: int | None = setting(None, "Data", "train on this fold alone, counted from 1")
    resample: int | None = setting(None, "Data", "number of a random split in the same sizes; 0 is the set's own")
    image_column: str | None = setting(
        None, "Data", "table column with the images; by default image, path, file_name or the like"
    )
    text_column: str | None = setting(
        None, "Data", "table column with the texts; by default text, sequence, sentence, name or the like"
    )
    tokens: str = setting(
        "auto", "Data", "tokens of texts: characters, words, kmers:3 or dna; by default characters, or dna if they are"
    )
    max_length: int | None = setting(None, "Data", "tokens of a text that are seen; by default chosen from the data")
    fold_text: Literal["none", "case", "accents", "both"] = setting(
        "none", "Data", "what of texts is left out: capitals (case), accents, or both"
    )
    as_: Literal["wave", "logmel"] = setting(
        "wave", "Data", "how recordings are seen: their values, or log-mel spectrograms, which networks of images take"
    )
    window: int | str | None = setting(
        None,
        "Data",
        "steps of a recording that the network sees at a time, or their time, such as 512 or 2s; by default long ones "
        "are cut; none keeps them whole",
    )
    hop: int | str | None = setting(
        None, "Data", "steps, or time, from the begin of one window to the next; by default half a window"
    )
    label_column: str | None = setting(None, "Data", "table column with the labels; by default label, target or class")
    group: str | None = setting(
        None,
        "Data",
        "table column of groups that no split may divide; by default patient, subject or the like; none; text",
    )
    skip_bad: bool = setting(False, "Data", "skip unreadable images (they are listed) instead of stopping")
    max_pixels: int | None = setting(None, "Data", "largest image to decode, in pixels")
    nodata: float | None = setting(
        None,
        "Data",
        "value that means no data, such as -9999 or nan; replaced by the mean of the others, in signals (nan) by the "
        "line between neighbours",
    )
    cache: str | None = setting(None, "Data", "folder for decoded images; by default ~/.cache/convscope")
    data_root: str | None = setting(None, "Data", "folder of named sets such as mnist/")
    workers: int | None = setting(None, "Data", "processes that decode images; by default one per core")

    baselines: bool = setting(True, "Evaluation", "score baselines beside the network")
    baseline_seconds: float = setting(10.0, "Evaluation", "time limit of each baseline")

    def __post_init__(self) -> None:
        check(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, without those that are ``None`` and without stages where none are."""
        apart = ("stages", "task_options")
        values = {key: value for key, value in asdict(self).items() if value is not None and key not in apart}
        values |= self.task_options if self.task == "auto" else _known(asdict(self.options))
        if self.stages:
            stages = [{k: v for k, v in asdict(stage).items() if v is not None} for stage in self.stages]
            values["stages"] = [{**stage, "freeze": list(stage["freeze"])} for stage in stages]
        return values

    @property
    def options(self) -> Any:
        """The task's own settings, defaults filled in; the task must be known.

        >>> make_plan({"task": "classification", "smoothing": 0.1}).options.smoothing
        0.1
        """
        return options_of(self.task)(**self.task_options)

    @property
    def data_seed(self) -> int:
        """The seed that splits are drawn with.

        >>> Plan(seed=3).data_seed, Plan(seed=3, split_seed=0).data_seed
        (3, 0)
        """
        return self.seed if self.split_seed is None else self.split_seed

    def seconds(self) -> float | None:
        """Return the time budget in seconds, or ``None``.

        >>> Plan(time="10m").seconds()
        600.0
        """
        return None if self.time is None else parse_time(self.time)


def make_plan(settings: dict[str, Any]) -> Plan:
    """Build a plan from plain values, strictly: unknown keys and wrong kinds raise ``ConfigError``.

    >>> make_plan({"epocs": 3})
    Traceback (most recent call last):
    ...
    convscope.errors.ConfigError: unknown setting 'epocs'; did you mean 'epochs'?
    """
    _check_keys("", settings, all_settings())
    settings = {key: os.fspath(value) if isinstance(value, os.PathLike) else value for key, value in settings.items()}
    settings = _apart(settings)
    if isinstance(settings.get("freeze"), str):
        settings["freeze"] = ",".join(split_patterns(settings["freeze"]))
    if isinstance(stages := settings.get("stages"), list | tuple):
        settings["stages"] = [_plain_stage(number, stage) for number, stage in enumerate(stages, 1)]
    try:
        return msgspec.convert(settings, Plan, strict=True)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, ConfigError):  # the plan's own check of ranges
            raise error.__cause__ from None
        place = re.search(r" - at `\$\.?(\w*)(?:\[(\d+)\])?(?:\.(\w+))?", str(error))
        key, number, part = place.groups() if place else ("", None, None)
        if key == "stages" and number and part:
            value = settings["stages"][int(number)][part]
            raise ConfigError(
                f"setting 'stages': stage {int(number) + 1}: {part}: expected {_kind(part, Stage)}, found {value!r}"
            ) from None
        raise ConfigError(f"setting {key!r}: expected {_kind(key)}, found {settings.get(key)!r}") from None


def all_settings() -> dict[str, tuple[Field[Any], Any]]:
    """Return every setting that a user may give, by name: its field and its type, those of the tasks included."""
    known: dict[str, tuple[Field[Any], Any]] = {}
    for kind in (Plan, *map(options_of, names())):
        hints = get_type_hints(kind)
        known |= {f.name: (f, hints[f.name]) for f in fields(kind) if f.name not in known and f.name != "task_options"}
    return known


def check_options(task: str, options: Mapping[str, Any]) -> None:
    """Raise ``ConfigError`` for settings that belong to another task than ``task``, or that cannot be."""
    kind = options_of(task)
    known = {f.name: f for f in fields(kind)}
    for name, value in options.items():
        if name not in known:
            owners = " and ".join(other for other in names() if name in get_type_hints(options_of(other)))
            raise ConfigError(f"setting {name!r} is for {owners}, and this is {task}; leave it out")
        _check_option(kind, known[name], value)


def _check_option(kind: type, option: Field[Any], value: Any) -> None:
    try:
        msgspec.convert({option.name: value}, kind, strict=True)
    except msgspec.ValidationError:
        raise ConfigError(f"setting {option.name!r}: expected {_kind(option.name, kind)}, found {value!r}") from None
    if value is not None and (where := outside(value, option.metadata["limits"])):
        raise ConfigError(f"setting {option.name!r} must be {where}, got {value!r}")


def _apart(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings with those of the task by themselves, checked."""
    own = {f.name for f in fields(Plan)}
    options = {key: value for key, value in settings.items() if key not in own}
    options |= settings.get("task_options", {})
    task = settings.get("task", "auto")
    if isinstance(task, str) and task != "auto":
        check_options(task, options)
    else:
        for name, value in options.items():  # the task is not known yet: as the first that has such a setting
            kind = next(kind for kind in map(options_of, names()) if name in get_type_hints(kind))
            _check_option(kind, next(f for f in fields(kind) if f.name == name), value)
    return {**{key: value for key, value in settings.items() if key in own}, "task_options": options}


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _check_keys(where: str, settings: dict[str, Any], known: Iterable[str]) -> None:
    known = list(known)
    for key in settings:
        if key not in known:
            hint = nearest(key, known) or f"; the settings are {', '.join(known)}"
            raise ConfigError(f"{where}unknown setting {key!r}{hint}")


def _plain_stage(number: int, stage: Any) -> Any:
    """Return a stage that was given as a ``Stage`` or a table as plain values, its keys checked."""
    if isinstance(stage, Stage):
        return asdict(stage)
    if isinstance(stage, dict):
        _check_keys(f"setting 'stages': stage {number}: ", stage, [f.name for f in fields(Stage)])
        if "epochs" not in stage:
            raise ConfigError(f"setting 'stages': stage {number} lacks its number of epochs")
        if isinstance(stage.get("freeze"), str):
            return {**stage, "freeze": split_patterns(stage["freeze"])}
        if isinstance(stage.get("freeze"), list | tuple):
            return {**stage, "freeze": [OLD_WORDS.get(pattern, pattern) for pattern in stage["freeze"]]}
    return stage


OLD_WORDS = {"trunk": "backbone"}  # of earlier settings, and what they are called now


def split_patterns(text: str) -> tuple[str, ...]:
    """Return the patterns of a text; a comma within brackets belongs to the pattern, and old words are read as new.

    >>> split_patterns("layer1, features.[0-4]"), split_patterns("trunk")
    (('layer1', 'features.[0-4]'), ('backbone',))
    """
    parts = (part.strip() for part in re.split(r",(?![^\[]*\])", text))
    return tuple(OLD_WORDS.get(part, part) for part in parts if part)


_KINDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false", dict: "options as key = value"}
_LISTS = {"Plan.stages": "a list of stages, each with its epochs", "Stage.freeze": "a list of patterns"}


def _kind(name: str, owner: type = Plan) -> str:
    """Say what a setting takes.

    >>> _kind("epochs"), _kind("opt"), _kind("img_size")
    ('a whole number', 'adamw or sgd', 'a whole number or two whole numbers')
    """
    if (place := f"{owner.__name__}.{name}") in _LISTS:
        return _LISTS[place]
    hint = get_type_hints(owner)[name]
    choices = (
        [hint] if get_origin(hint) in (None, dict, Literal) else [k for k in get_args(hint) if k is not type(None)]
    )
    words = []
    for kind in choices:
        if get_origin(kind) is Literal:
            words += get_args(kind)
        else:
            words.append("two whole numbers" if get_origin(kind) is tuple else _KINDS[get_origin(kind) or kind])
    return " or ".join(words)
