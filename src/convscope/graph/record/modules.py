"""Which module of a network runs, read from the Python frames: nothing is hooked to any of them."""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import cast

from torch import nn
from torch.autograd.function import FunctionCtx


class Modules:
    """The modules of a network: ``classes`` by path, of which a shared one has several."""

    def __init__(self, model: nn.Module):
        self.classes: dict[str, str] = {}
        self._paths: dict[int, list[str]] = {}  # by identity
        for path, module in cast("Iterable[tuple[str, nn.Module]]", model.named_modules(remove_duplicate=False)):
            self.classes[path] = type(module).__name__
            self._paths.setdefault(id(module), []).append(path)

    def running(self, frame: types.FrameType | None) -> tuple[str, str | None]:
        """Return the path of the module that runs, and the user's own ``autograd.Function`` that it is in, if any."""
        function = None
        while frame is not None:
            path = self.path_of(frame)
            if path is not None:
                return path, function
            function = function or _function_of(frame)
            frame = frame.f_back
        return "", function

    def path_of(self, frame: types.FrameType | None) -> str | None:
        """Return the path of the module whose method a frame is, "" for the network itself.

        Of the paths of a shared module, it is that below the module that called it.
        """
        paths = self._paths_of(frame)
        if paths is None or frame is None:
            return None
        if len(paths) == 1:
            return paths[0]
        caller = frame.f_back
        while caller is not None and self._paths_of(caller) in (None, paths):
            caller = caller.f_back
        above = self.path_of(caller)
        return next((path for path in paths if above and path.startswith(f"{above}.")), paths[0])

    def _paths_of(self, frame: types.FrameType | None) -> list[str] | None:
        if frame is None or frame.f_code.co_varnames[:1] != ("self",):
            return None
        return self._paths.get(id(frame.f_locals.get("self")))


def _function_of(frame: types.FrameType) -> str | None:
    """Return the name of the user's own ``autograd.Function`` whose method a frame is."""
    context = frame.f_locals.get("ctx") if frame.f_code.co_varnames[:1] == ("ctx",) else None
    function = getattr(context, "_forward_cls", None) if isinstance(context, FunctionCtx) else None
    return None if function is None or function.__module__.startswith("torch.") else function.__name__
