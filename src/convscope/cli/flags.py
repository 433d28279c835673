"""The plan's settings as command-line flags: made from ``Plan`` itself, so that there is one list of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import Field, field, fields, make_dataclass
from typing import Annotated, Any, get_args, get_type_hints

from cyclopts import Group, Parameter

from convscope.cli.numbers import convert_pixel_value, convert_strictly
from convscope.data.numerals import real, whole
from convscope.data.options import OF_NETWORKS, PLACES, SPLITTING, LoadOptions, ReadKeywords
from convscope.errors import ConfigError
from convscope.tasks.registry import names
from convscope.training.plan import Plan, all_settings

_SHORT = {"batch_size": "-b"}
_AS_TEXT = {
    "img_size": "224, or HxW such as 96x128",
    "set": "key=value",
    "valid": "share or number",
    "test": "share or number",
    "window": "steps or time",
    "hop": "steps or time",
}


def _flag(setting: Field[Any], kind: Any) -> tuple[str, Any, Any]:
    """Return one optional flag; ``None`` means that it was not given."""
    default = setting.default if not isinstance(setting.default, type(field)) else None
    text = setting.metadata["help"]
    if setting.name == "task":
        text += f" [choices: {', '.join(('auto', *names()))}]"
    if isinstance(default, str | int | float) and not isinstance(default, bool):
        text += f" [default: {default}]"
    if setting.name in _AS_TEXT:
        kind = list[str] if setting.name == "set" else str
    flags = [f"--{setting.name.rstrip('_').replace('_', '-')}"]
    if setting.name in _SHORT:
        flags.append(_SHORT[setting.name])
    group = Group(setting.metadata["group"], sort_key=_GROUPS.index(setting.metadata["group"]))
    strictly = convert_strictly if {int, float} & {kind, *get_args(kind)} else None
    converter = convert_pixel_value if setting.name in _PIXEL_VALUES else strictly
    parameter = Parameter(name=tuple(flags), help=text, group=group, show_default=False, converter=converter)
    return setting.name, Annotated[kind | None, parameter], field(default=None)


_FILED = ("stages",)  # a list of tables: for files and Python only
_GROUPS = ["Network", "Transfer", "Training", "Speed", "Data", "Evaluation"]
_HINTS = {name: hint for name, (_, hint) in all_settings().items()}
_PIXEL_VALUES = ("nodata",)


def _flags(name: str, settings: Iterable[Field[Any]]) -> Any:
    flags_class = make_dataclass(name, [_flag(setting, _HINTS[setting.name]) for setting in settings])
    flags_class.__module__ = __name__  # cyclopts takes classes of the module `types` for builtins
    return Parameter(name="*")(flags_class)


PlanFlags = _flags("PlanFlags", (setting for setting, _ in all_settings().values() if setting.name not in _FILED))
_READ = {f.name for f in fields(LoadOptions)} - {*SPLITTING, *OF_NETWORKS}


def _some(name: str, wanted: Collection[str]) -> Any:
    return _flags(name, (setting for setting in fields(Plan) if setting.name in wanted))


PlaceFlags = _some("PlaceFlags", PLACES)  # where sets lie
ReadFlags = _some("ReadFlags", _READ)  # how a set is read to be looked at
ScoredFlags = _some("ScoredFlags", get_type_hints(ReadKeywords))  # how another set is read to be scored


def given(flags: Any) -> dict[str, Any]:
    """Return the settings that were given on the command line, as a plan takes them."""
    if flags is None:
        return {}
    values = {f.name: getattr(flags, f.name) for f in fields(flags)}
    values = {name: value for name, value in values.items() if value not in (None, [])}
    if "img_size" in values:
        values["img_size"] = size(values["img_size"])
    for name in {"valid", "test"} & values.keys():
        values[name] = _share_or_number(name, values[name])
    if "set" in values:
        values["set"] = dict(_option(text) for text in values["set"])
    return values


def size(text: str) -> int | tuple[int, int]:
    """Read an image size: 224, or height and width as in 96x128; ``ConfigError`` for anything else.

    >>> size("224"), size("96x128")
    (224, (96, 128))
    """
    parts = text.lower().replace("×", "x").split("x")
    if len(parts) > 2 or not all(part.isascii() and part.isdigit() for part in parts):
        raise ConfigError(
            f"--img-size {text!r}: write one number of pixels such as 224, or height and width such as 96x128"
        )
    return int(parts[0]) if len(parts) == 1 else (int(parts[0]), int(parts[1]))


def _share_or_number(name: str, text: str) -> int | float:
    """Read 500 as a number of images and 0.1 as a share."""
    value = _number(text)
    if value is None:
        raise ConfigError(f"--{name} {text!r}: write a share such as 0.1, or a number of images such as 500")
    return value


def _option(text: str) -> tuple[str, int | float | bool | str | tuple[int | float, ...]]:
    key, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"--set {text!r}: write key=value, such as width=48")
    parts = [_value(part) for part in value.split(",") if part.strip()]
    numbers = tuple(part for part in parts if isinstance(part, int | float))
    return key, numbers if "," in value and len(numbers) == len(parts) else _value(value)


def _value(value: str) -> int | float | bool | str:
    """Read the value of an option.

    >>> _value("48"), _value("0.5"), _value("true"), _value("batch"), _value("1_1")
    (48, 0.5, True, 'batch', '1_1')
    """
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    number = _number(value)
    return value if number is None else number


def _number(text: str) -> int | float | None:
    """Read a number as written (2.0 is not a whole number); ``None`` for other text.

    >>> _number("500"), _number("2.0"), _number("1_1")
    (500, 2.0, None)
    """
    return real(text) if whole(text) is None or "." in text else whole(text)
