"""Networks of one's own: a module, or what builds one, given in Python or named ``package.module:name``.

Training, opening a run, inspecting and tracing all come here for its name and its code; ``building`` builds it. What
can be imported is known by its name, and whoever opens a run of it imports that code. What cannot (an object, a
function in a notebook) is called ``Name()``, and has to be given again.
"""

from __future__ import annotations

import contextlib
import importlib
import re
import sys
import sysconfig
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from convscope.data.spec import InputSpec, OutputSpec
from convscope.errors import ConfigError, nearest
from convscope.models import timm
from convscope.models.arguments import arguments, shape_of
from convscope.models.entries import encoder_hint, unet_on
from convscope.models.network_entry import Entry

PACKAGE = str(Path(__file__).parents[1])
COLON = "package.module:name"
WARNING = "code of its user's own: opening this run's network imports and runs that code"
NAMED = re.compile(r"\w+(\.\w+)*:\w+(\.\w+)*")

Source = Any  # an nn.Module, a callable that builds one, the name of either, or a ``Named``


@dataclass(frozen=True)
class Named:
    """A network under a name that tells it from another of its class: ``Net#2()``."""

    name: str
    source: Source


def is_module(source: Source) -> bool:
    """Return whether this is a network, and not its class or a function that builds it; torch is not imported."""
    return hasattr(source, "named_modules") and not isinstance(source, type)


def is_object(name: str) -> bool:
    """Return whether this names a network that was given as an object, which no name brings back."""
    return name.endswith("()")


def is_own(name: str) -> bool:
    """Return whether a network's name means code of the user's.

    >>> is_own("mynet:MyNet"), is_own("MyNet()"), is_own("lenet"), is_own("timm:resnet18")
    (True, True, False, False)
    """
    return is_object(name) or (":" in name and not name.startswith(timm.PREFIX) and unet_on(name) is None)


def name_of(source: Source) -> str:
    """Return what to call a network: ``package.module:name`` where importing that gives this very factory.

    >>> from torch import nn
    >>> name_of(nn.Identity), name_of(nn.Flatten()), name_of(lambda: nn.Flatten())
    ('torch.nn.modules.linear:Identity', 'Flatten()', 'lambda()')
    """
    if isinstance(source, str | Named):
        return source if isinstance(source, str) else source.name
    if is_module(source):
        return f"{type(source).__name__}()"
    if not callable(source):
        raise ConfigError(
            f"expected a network: a name (see convscope models), an nn.Module, {COLON}, or a function that builds one; "
            f"found {source!r:.80}"
        )
    home, path = getattr(source, "__module__", None), getattr(source, "__qualname__", "")
    if home not in (None, "__main__") and path and _at(sys.modules.get(home), path) is source:
        return f"{home}:{path}"
    called = source.func if isinstance(source, partial) else source
    return f"{getattr(called, '__name__', type(called).__name__).strip('<>')}()"


def named(sources: Sequence[Source]) -> dict[str, Source]:
    """Return networks by name; further objects of one class are numbered.

    >>> from torch import nn
    >>> list(named(["lenet", nn.Flatten(), nn.Flatten(0)]))
    ['lenet', 'Flatten()', 'Flatten#2()']
    """
    networks: dict[str, Source] = {}
    for source in sources:
        name, number = name_of(source), 2
        if not isinstance(source, str) and is_object(name):
            while name in networks:
                name, number = f"{name_of(source).removesuffix('()')}#{number}()", number + 1
            source = Named(name, source)
        if name in networks:
            raise ConfigError(f"network {name!r} is named twice; --seeds N trains each network several times")
        networks[name] = source
    return networks


def entry_of(name: str) -> Entry:
    """Return the entry of a network of one's own; nothing is imported."""
    if not is_object(name):
        _check_name(name)
    return Entry(name, name, "a network of your own", "your own code", lr=0.001, mechanism="the network")


def load(source: Source) -> Source:
    """Return the module or factory called ``source``; a module or factory comes back as it is.

    Files in the current folder are found too. Raises ``ConfigError`` where nothing can be imported under that name.
    """
    if isinstance(source, Named):
        return load(source.source)
    if not isinstance(source, str):
        name_of(source)  # refuses what is neither
        return getattr(source, "_orig_mod", source)  # what torch.compile wraps
    if is_object(source):
        raise ConfigError(
            f"{source} was given as an object in Python, which its name cannot bring back: give it again, as model=... "
            "of convscope.train, resume or open_run"
        )
    _check_name(source)
    home, _, path = source.partition(":")
    with current_folder():
        module = _imported(source, home)
    origin = getattr(getattr(module, "__spec__", None), "origin", None) or ""
    library = Path(sysconfig.get_path("stdlib"))
    if origin in ("built-in", "frozen") or (library in Path(origin).parents and "-packages" not in origin):
        raise ConfigError(f"{source!r}: {home} is a part of Python itself and holds no network")
    target = _at(module, path)
    if target is None:
        raise ConfigError(f"{source!r}: {home} has no {path!r}{nearest(path, vars(module))}")
    if not callable(target):
        raise ConfigError(f"{source!r} is neither a network nor a function that builds one: {type(target).__name__}")
    return target


def told(source: Source, options: Mapping[str, Any], input: InputSpec, output: OutputSpec) -> str:
    """Return what is to be known of a network: how it is built, ``MyNet(classes=10)``, and what opening it does."""
    name, target = name_of(source), load(source)
    how = "a copy of the one given"
    if not is_module(target):
        told = arguments(target, name, shape_of(input, output), options)
        called = name.rpartition(":")[2].removesuffix("()")
        how = f"built as {called}({', '.join(f'{key}={value!r}' for key, value in told.items())})"
    if is_object(name):
        return f"{how}; no name brings it back: open this run with convscope.open_run(FOLDER, model=...)"
    return f"{how}; code of your own: opening this run's network imports and runs {name.partition(':')[0]}"


def hint(text: str) -> str:
    """Return ``"; did you mean 'mynet:...'?"`` for a name that looks like a Python file or what is in one."""
    home, _, attribute = text.partition(".")
    if text.endswith(".py") or Path(f"{home}.py").is_file():
        name = "NAME" if attribute in ("", "py") else attribute
        return f"; a network of your own is named {home.replace('/', '.')}:{name}"
    return ""


def file_of(name: str) -> dict[str, str]:
    """Return the file that a network's code stands in, and its SHA-256; nothing where it has no file."""
    if is_object(name) or not is_own(name):
        return {}
    load(name)
    file = Path(getattr(sys.modules[name.partition(":")[0]], "__file__", None) or "")
    return {"file": str(file.resolve()), "sha256": sha256(file.read_bytes()).hexdigest()} if file.is_file() else {}


def _check_name(text: str) -> None:
    """Refuse what cannot be imported, with how to write it."""
    path, _, name = text.partition(":")
    if NAMED.fullmatch(text) is None or path.endswith(".py"):
        file = re.sub(r"\.py$", "", path).strip("./").replace("/", ".").replace("\\", ".")
        hint = f"; did you mean {f'{file}:{name}'!r}?" if NAMED.fullmatch(f"{file}:{name}") else ""
        raise ConfigError(f"{text!r} is no {COLON}, with the module as Python imports it, without .py or folders{hint}")


def _imported(text: str, home: str) -> Any:
    try:
        return importlib.import_module(home)
    except (Exception, SystemExit) as error:  # whatever the user's own file raises as it is run
        if isinstance(error, ModuleNotFoundError) and f"{home}.".startswith(f"{error.name}."):
            files = [file.stem for file in Path.cwd().glob("*.py")]
            raise ConfigError(
                f"{text!r} cannot be imported: there is no module {error.name!r} in {Path.cwd()} or among the "
                f"installed packages{encoder_hint(text) or nearest(home, files)}; go to its folder, or name that in "
                "PYTHONPATH"
            ) from None
        raise ConfigError(f"{text!r}: {home} cannot be imported: {explained(error)}") from error


def explained(error: BaseException) -> str:
    """Return an error of the user's own code in one line: its kind, what it says, and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in frames if "-packages" not in frame.filename and PACKAGE not in frame.filename]
    where = f" ({Path(mine[-1].filename).name}, line {mine[-1].lineno})" if mine else ""
    return f"{type(error).__name__}: {str(error).strip() or 'without a word'}{where}"


def _at(home: Any, path: str) -> Any:
    """Return what stands at a dotted path in a module, None for nothing."""
    for part in path.split("."):
        home = getattr(home, part, None)
    return home


@contextlib.contextmanager
def current_folder() -> Iterator[None]:
    """Let files in the current folder be imported, as ``python -m`` does."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        if here in sys.path:  # else the user's code has tidied up
            sys.path.remove(here)
