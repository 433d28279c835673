"""Words of other tools on the command line, and what they are called here: said where an unknown one ends a command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from cyclopts import CycloptsError, UnknownCommandError, UnknownOptionError, UnusedCliTokensError

from convscope.errors import CheckpointError, DataError

TRAIN, EVALUATE, PREDICT = "convscope train DATA", "convscope evaluate RUN", "convscope predict RUN IMAGE..."
_RUN_FOLDER = "the run folder holds everything: model.safetensors, and in Python convscope.open_run(RUN).model"
# By verb: ultralytics, Keras, Lightning, timm, fastai, and what people try.
VERBS = {
    "fit": TRAIN, "learn": TRAIN, "finetune": TRAIN, "fine-tune": TRAIN, "run": TRAIN, "start": TRAIN,
    "resume": "convscope train --resume RUN", "continue": "convscope train --resume RUN",
    "val": EVALUATE, "valid": EVALUATE, "validate": EVALUATE, "eval": EVALUATE, "test": EVALUATE, "score": EVALUATE,
    "metrics": EVALUATE, "infer": PREDICT, "inference": PREDICT, "classify": PREDICT, "pred": PREDICT,
    "summary": "convscope inspect MODEL", "info": "convscope inspect MODEL", "show": "convscope inspect MODEL",
    "flops": "convscope inspect MODEL", "gradcam": "convscope explain RUN IMAGE",
    "visualize": "convscope trace RUN IMAGE", "visualise": "convscope trace RUN IMAGE",
    "benchmark": "convscope bench train DATA", "profile": "convscope bench train DATA",
    "speed": "convscope bench train DATA", "list": "convscope models", "zoo": "convscope models",
    "nets": "convscope models", "check": "convscope data check DATA", "dataset": "convscope data check DATA",
    "datasets": "convscope data list", "example": "convscope demo", "export": _RUN_FOLDER, "save": _RUN_FOLDER,
    "config": "convscope train DATA --print-config", "cfg": "convscope train DATA --print-config",
    "settings": "convscope train DATA --print-config", "version": "convscope --version", "help": "convscope --help",
}  # fmt: skip
_NAMES = {
    "--lr": "lr0 learning-rate learningrate base-lr max-lr lr-max initial-lr init-lr blr",
    "--img-size": "imgsz img image-size imagesize img-sz input-size size resolution imsize train-crop-size img-dim",
    "--batch-size": "batch bs batchsize train-batch-size per-device-train-batch-size batch-sz mini-batch-size",
    "--epochs": "epoch num-epochs n-epochs nepochs max-epochs num-train-epochs n-epoch nb-epochs",
    "--pretrained": "weights checkpoint ckpt ckpt-path initial-checkpoint init-checkpoint pretrained-weights load from",
    "--out": "project name output out-dir output-dir outdir save-dir save-path logdir log-dir default-root-dir "
    "experiment exp-name run-name",
    "--device": "gpu gpus cuda accelerator devices no-cuda use-gpu",
    "--workers": "num-workers n-workers dataloader-num-workers num-work j jobs n-jobs",
    "--threads": "num-threads n-threads nthreads cpu-threads omp-num-threads",
    "--model": "arch architecture net network backbone model-name",
    "--opt": "optimizer optimiser optim",
    "--sched": "scheduler lr-scheduler lr-schedule lr-policy lr-scheduler-type",
    "--weight-decay": "wd decay l2",
    "--smoothing": "label-smoothing",
    "--amp": "fp16 half bf16 mixed-precision precision bfloat16",
    "--seed": "manual-seed random-seed random-state rng",
    "--valid": "val val-split validation-split val-size val-fraction valid-split val-percent",
    "--test": "test-split test-size test-fraction",
    "--patience": "early-stopping early-stop early-stopping-patience es-patience",
    "--augment": "aug augmentation aa auto-augment transforms data-augmentation",
    "--ema": "model-ema ema-decay model-ema-decay",
    "--clip-grad": "gradient-clip-val gradient-clip max-grad-norm clip-grad-norm clip",
    "--warmup-epochs": "warmup lr-warmup-epochs warmup-steps",
    "--layer-decay": "llrd layer-lr-decay",
    "--freeze": "freeze-backbone freeze-encoder feature-extract freeze-layers",
    "--class-weights": "class-weight weighted-loss balanced",
    "--time": "max-time time-limit time-budget",
    "--data-root": "root dataset-root datasets-dir",
    "--skip-bad": "skip-corrupt ignore-errors",
    "--tta": "augment test-time-augmentation",
    "--config": "cfg config-file hyp yaml",
    "--json": "save-json as-json format",
    "--cache": "cache-dir",
    "--folds": "cv k-fold kfold k-folds kfolds n-folds num-folds n-splits cross-validation cross-validate",
    "--resamples": "repeats n-repeats n-resamples num-resamples",
    "--split-file": "splits-file splits split-csv",
}
# By option: those of ours it may mean; the first that the verb has is named.
FLAGS: dict[str, list[str]] = {}
for _ours, _theirs in _NAMES.items():
    for _name in _theirs.split():
        FLAGS.setdefault(_name, []).append(_ours)
_POSITIONAL = {"data-path", "data-dir", "dataset", "train-dir", "train-data", "datadir", "input-dir", "source", "path"}
_LEFT_OUT = {
    "num-classes": "what is learned is read from DATA; leave it out",
    "nc": "what is learned is read from DATA; leave it out",
    "exist-ok": "nothing is written over; name another folder with --out",
    "overwrite": "nothing is written over; name another folder with --out",
    "dropout": "an option of the network is given as --set dropout=0.2",
    "verbose": "there is nothing to switch on; leave it out",
    "task": "what a run learned is written in its folder; leave it out",
}
_TASKS = ("classify", "detect", "segment", "pose", "obb")  # ultralytics' word before the verb
_KEY = re.compile(r"([A-Za-z][\w-]*)=(.*)")  # as ultralytics and Hydra take settings
_GIVEN = {"predict": ("model", "source"), "evaluate": ("model", "data")}  # before these, RUN and what it is shown


def explained(error: Exception, arguments: Sequence[str]) -> str:
    """Return what an error says; where a habit of another tool led to it, with what to write here."""
    pairs = _pairs(arguments)
    if pairs and isinstance(error, CycloptsError | DataError | CheckpointError):
        said = "" if isinstance(error, CycloptsError) else f"{error}; "
        return f"{said}settings are written with two dashes here: {_rewritten(arguments, pairs)}"
    if isinstance(error, UnknownCommandError):
        return _command(error)
    if isinstance(error, UnknownOptionError):
        return _option(error)
    if isinstance(error, UnusedCliTokensError):
        return _unused(error)
    return str(error)


def _command(error: UnknownCommandError) -> str:
    """Say which verb an unknown one may mean."""
    token, chain = (error.unused_tokens or [""])[0], list(error.command_chain or ())
    said = str(error).partition(" Available commands")[0]
    listing = f"{_called(error)} --help lists what there is"
    if not chain and (verb := VERBS.get(token.lower())):
        return f'Unknown command "{token}"{". Here it is:" if verb.startswith("convscope") else ";"} {verb}'
    if not chain and Path(token).exists():
        return f'Unknown command "{token}". To learn from it: {shlex.join(["convscope", "train", token])}'
    if chain == ["data"]:
        listing = f"To look at what is there or has this name: convscope data check {token}; {listing}"
    return f"{said} {listing}"


def _option(error: UnknownOptionError) -> str:
    """Say which option an unknown one may mean: a synonym that the verb has, or else the nearest name."""
    written = (error.token.keyword or error.token.value or "").partition("=")[0]
    name = written.lstrip("-").lower().replace("_", "-")
    known = [option for argument in error.argument_collection for option in argument.names]
    ours = next((option for option in FLAGS.get(name, ()) if option in known), None)
    if ours is None and f"--{name}" in known:  # -epochs
        ours = f"--{name}"
    if ours:
        return f"Unknown option: {written}. Here it is {ours}."
    if name in _LEFT_OUT:
        return f"Unknown option: {written}; {_LEFT_OUT[name]}"
    if name in _POSITIONAL and "--data" in known:
        return f"Unknown option: {written}. DATA stands without one: {TRAIN}"
    command = _called(error)
    if name in FLAGS:
        return f"Unknown option: {written}. That is for other commands (as {FLAGS[name][0]}); see {command} --help"
    near = get_close_matches(f"--{name}", [option for option in known if option.startswith("--")], n=1)
    hint = f"Did you mean {near[0]}?" if near else f"{command} --help lists those there are"
    return f"Unknown option: {written}. {hint}"


def _unused(error: UnusedCliTokensError) -> str:
    """Say which words are too many."""
    words = error.unused_tokens or []
    if words and words[0].lower() in ("true", "false", "yes", "no"):
        return f"{words[0]!r} is one word too many: an option that is on or off takes none, as in --amp and --no-amp"
    return f"too many words: {shlex.join(words)}; {_called(error)} --help says what it takes"


def _called(error: CycloptsError) -> str:
    """Return the verb that an error is about, as it is written."""
    return " ".join(["convscope", *(error.command_chain or ())])


def _pairs(arguments: Sequence[str]) -> dict[int, tuple[str, str]]:
    """Return the words such as epochs=3 with their places; not what belongs to an option, and no file's name."""
    pairs = {}
    for at, word in enumerate(arguments):
        behind_option = at and arguments[at - 1].startswith("-") and "=" not in arguments[at - 1]
        if (matched := _KEY.fullmatch(word)) and not behind_option and not Path(word).exists():
            pairs[at] = (matched[1].lower().replace("_", "-"), matched[2])
    return pairs


def _rewritten(arguments: Sequence[str], pairs: dict[int, tuple[str, str]]) -> str:
    """Return the whole command as it is written here."""
    settings = dict(pairs.values())
    words = [word for at, word in enumerate(arguments) if at not in pairs]
    if words and words[0] in _TASKS:
        del words[0]
    verb = settings.pop("mode", "") or (words.pop(0) if words else "train")
    verb = VERBS.get(verb.lower(), f"convscope {verb}").split()[1]
    settings.pop("task", None)
    first = []
    if verb in _GIVEN:
        run, shown = _GIVEN[verb]
        settings.pop(run, None)
        first = ["RUN", *([settings.pop(shown)] if shown in settings else [])]
    else:
        first = [settings.pop(key) for key in ("data", *sorted(_POSITIONAL)) if key in settings]
    for key, value in settings.items():
        option = FLAGS.get(key, [f"--{key}"])[0]
        if value.lower() in ("true", "false"):
            words.append(option if value.lower() == "true" else option.replace("--", "--no-", 1))
        else:
            words += [option, value]
    return shlex.join(["convscope", verb, *first, *words])
