"""``convscope train``: data in; a trained, evaluated, saved and reported network out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

import convscope
from convscope.cli.architectures import (
    NETWORKS,
    is_of_architectures,
    resume_architectures,
    train_architectures,
)
from convscope.cli.exits import INTERRUPTED
from convscope.cli.flags import PlanFlags, given
from convscope.cli.output import show_json
from convscope.cli.series import resume_series, train_series
from convscope.errors import ConfigError, quoted
from convscope.runs import files
from convscope.terminal.screen import err, out, say_notice
from convscope.views import run as views


def train(
    data: str | None = None,
    *,
    out_folder: Annotated[Path | None, Parameter(name="--out")] = None,
    resume: Path | None = None,
    config: Annotated[Path | None, Parameter(name=("--config", "-c"))] = None,
    print_config: Annotated[bool, Parameter(negative="")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    seeds: int | None = None,
    resamples: int | None = None,
    search_lr: Annotated[bool, Parameter(negative="")] = False,
    flags: PlanFlags | None = None,  # pyright: ignore[reportInvalidTypeForm]
) -> int:
    """Train a network on a data set, score it on held-out examples, and write a report.

    Several networks, as in `--model lenet,resnet_mini`, or several `--seeds` are trained one after the other on the
    same split with the same settings, and compared; `--folds` or `--resamples` trains on several splits. Networks for
    texts or signals are compared twice: with equal weights, and with equal time (`--time` bounds each).

    Parameters
    ----------
    data
        Folder, archive, table, IDX or NPZ file, or the name of a set (see `convscope data list`).
    out_folder
        Run folder; by default runs/<data>-<model>. Several trainings share one folder, by default
        runs/<data>-series; the same command again resumes them.
    resume
        Resume this interrupted run, or series of runs.
    config
        TOML file of settings, such as the config.toml of a run; flags override it.
    print_config
        Print the resolved settings as TOML, and stop.
    as_json
        Print the final figures (or the settings of --print-config) as JSON.
    seeds
        Train each network with this many seeds, from --seed on, on the same split.
    resamples
        Train each network on this many random splits of the same sizes; the first is the set's own.
    search_lr
        For several networks for texts or signals: try four learning rates for each on the validation split first.
    """
    settings = given(flags)
    if resume is not None:
        if data is not None or config is not None or out_folder is not None or print_config:
            raise ConfigError(
                "--resume RUN takes data, settings and folder from the run; "
                "leave DATA, --config, --out and --print-config out"
            )
        if (resume / NETWORKS).exists():
            return resume_architectures(resume, settings, {"seeds": seeds, "resamples": resamples}, as_json=as_json)
        if (resume / files.SERIES).exists():
            return resume_series(resume, settings, {"seeds": seeds, "resamples": resamples}, as_json=as_json)
        for flag, number in (("seeds", seeds), ("resamples", resamples)):
            if number is not None:
                raise ConfigError(f"--{flag} is for a series of runs; {resume} is not the folder of one")
        return _watched(resume, None, settings, None, as_json)
    if config is not None:
        from convscope.runs.folder import read_settings

        filed = read_settings(config)
        filed_data = filed.pop("data", None)
        data = data or (None if filed_data is None else str(filed_data))
        _check_stages(filed, settings, config)
        settings = {**filed, **settings}
    if data is None:
        raise ConfigError(
            "no data given; write: convscope train DATA, where DATA is a folder, a file, or a name such as digits"
        )
    models = str(settings.get("model", "auto")).split(",")
    repeated = {"seeds": seeds, "resamples": resamples}
    if "folds" in settings and "fold" not in settings:
        repeated["folds"] = settings.pop("folds")
    if len(models) > 1 or any(number is not None for number in repeated.values()):
        if print_config:
            raise ConfigError(
                "--print-config shows the settings of one training: give one --model, and no --seeds, --folds (without "
                "--fold) or --resamples"
            )
        settings.pop("model", None)
        names = [name.strip() for name in models]
        if is_of_architectures(names) and repeated.keys() == {"seeds", "resamples"} and resamples is None:
            each = 1 if seeds is None else seeds
            return train_architectures(data, names, settings, each, out_folder, search_lr, as_json=as_json)
        _check_no_search(search_lr)
        return train_series(data, names, settings, repeated, out_folder, as_json=as_json)
    _check_no_search(search_lr)
    if print_config:
        return _print_config(data, settings, as_json=as_json)
    return _watched(None, data, settings, out_folder, as_json)


def _check_no_search(search_lr: bool) -> None:
    if search_lr:
        raise ConfigError(
            "--search-lr is for a comparison of several networks for texts or signals on one split, such as "
            "--model conv1d,gru,transformer"
        )


# What the stages of a settings file say themselves.
_STAGED = ("epochs", "lr", "sched", "freeze", "unfreeze_at", "layer_decay")


def _check_stages(filed: dict[str, Any], flags: dict[str, Any], config: Path) -> None:
    """Refuse flags that the stages of a settings file would overrule."""
    told = [name for name in _STAGED if name in flags]
    if filed.get("stages") and told:
        raise ConfigError(
            f"--{told[0].replace('_', '-')}: the stages in {config} set this; change it there, or remove its "
            "[[stages]] and they are derived again"
        )


def _print_config(data: str, settings: dict[str, Any], *, as_json: bool) -> int:
    from convscope.runs.inputs import load_source, weights_of
    from convscope.runs.write import config_text
    from convscope.training.defaults import settle
    from convscope.training.plan import make_plan

    plan = make_plan(settings)
    loaded = load_source(data, plan, weights=weights_of(plan))
    settled = config_text(settle(plan, loaded).plan, loaded.source)
    if as_json:
        show_json(views.settings(settled))
    else:
        print(settled, end="")
    return 0


def _watched(
    resumed: Path | None, data: str | None, settings: dict[str, Any], folder: Path | None, as_json: bool
) -> int:
    from convscope.cli.scores import scores_table
    from convscope.terminal.live import Live
    from convscope.training.interrupt import sigterm_as_ctrl_c

    live = Live(err if as_json else out)
    try:
        with sigterm_as_ctrl_c(), live:
            if resumed is not None:
                run = convscope.resume(resumed, listener=live, **settings)
            else:
                assert data is not None
                model = settings.pop("model", "auto")
                run = convscope.train(data, model, out=folder, listener=live, **settings)
    except KeyboardInterrupt as stop:
        _say_how_to_resume(resumed or live.folder, stop)
        return INTERRUPTED
    checksum = run.environment["weights_sha256"]
    if as_json:
        show_json(views.run(run))
        return 0
    out.print(scores_table(run.metrics))
    out.print(f"kept: epoch {run.metrics['chosen_epoch']}, {run.metrics['rule']}", markup=False)
    for notice in run.metrics["notices"]:
        say_notice(notice, out)
    out.print(f"weights: SHA-256 {checksum}")
    out.print(f"report: {run.report}", markup=False)
    return 0


def _say_how_to_resume(folder: Path | None, stop: KeyboardInterrupt) -> None:
    from convscope.training.interrupt import Stopped

    if folder is None:
        err.print("stopped before training began; nothing was written")
        return
    saved = "everything so far is saved" if isinstance(stop, Stopped) else "what was saved before is kept"
    err.print(f"stopped; {saved}. Resume with: convscope train --resume {quoted(folder)}", markup=False)
