"""``convscope explore``: a page on this machine, to play with convolutions and to look into runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from convscope.terminal.screen import out as screen
from convscope.terminal.screen import say_warning


def explore(
    *runs: Path,
    port: int | None = None,
    open_: Annotated[bool, Parameter(name="--open")] = True,
    host: str = "127.0.0.1",
    allow_host: Annotated[list[str] | None, Parameter(negative="", consume_multiple=True)] = None,
    threads: int | None = None,
) -> int:
    """Open a page on this machine: play with convolutions, and look into runs down to single products.

    It answers this machine only, and only those who were shown its link. Ctrl-C ends it. Over SSH: forward the port,
    with ssh -L PORT:127.0.0.1:PORT MACHINE, and open the same link at home.

    Parameters
    ----------
    runs
        Run folders; without any the views that need no network.
    port
        Port to listen on; by default 8471, or any free one.
    open_
        Open the page in a browser; the link is printed anyway.
    host
        Address to listen on; any other than this machine's own opens the page to whoever knows its link.
    allow_host
        Name by which other machines may ask for the page, with --host.
    threads
        Processor threads; by default as PyTorch chooses.
    """
    from convscope.errors import ConfigError
    from convscope.explorer.app import LOOPBACK, listen, serve
    from convscope.explorer.damage import damage
    from convscope.explorer.session import session_of
    from convscope.training.threads import using

    if host != LOOPBACK and not allow_host:
        raise ConfigError(f"--host {host} opens the page to other machines: name this one, with --allow-host NAME")
    if allow_host and host == LOOPBACK:
        raise ConfigError("--allow-host has no effect without --host: leave one of them out")
    session = session_of(runs)
    for folder in runs:
        for problem in damage(folder):
            say_warning(f"{folder}: {problem}")
    address = listen(port, host, tuple(allow_host or ()))
    if host != LOOPBACK:
        say_warning(f"whoever reaches port {address.access.port} of {host} and knows the link can look into these runs")

    def opened() -> None:
        link = address.link()
        screen.print(f"open: {link}", markup=False, soft_wrap=True)
        screen.print("Ctrl-C ends it", style="dim")
        if open_ and not _browser(link):
            say_warning("no browser could be opened here: copy the link into one")

    with using(threads):
        serve(session, address, opened)
    return 0


def _browser(link: str) -> bool:
    import webbrowser

    try:
        return webbrowser.open(link)
    except webbrowser.Error:
        return False
