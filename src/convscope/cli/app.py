"""The ``convscope`` command: its verbs, and how an error ends it."""

from __future__ import annotations

import os
import sys

from cyclopts import App, CycloptsError

import convscope
from convscope.cli.exits import FAILED, INTERRUPTED, code_of
from convscope.cli.habits import explained
from convscope.cli.output import say_error
from convscope.errors import Error
from convscope.training.threads import wait_briefly

app = App(
    name="convscope",
    help="Convolutional networks you can see through: train, evaluate and explain a CNN in one command.",
    version=convscope.__version__,
    help_format="plaintext",
)
for _verb in ("train", "evaluate", "predict", "inspect", "trace", "compare", "models", "demo"):
    app.command(f"convscope.cli.{_verb}:{_verb}", name=_verb)
app.command("convscope.cli.data:app", name="data")
app.command("convscope.cli.bench:app", name="bench")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with one of the codes of ``exits``."""
    wait_briefly()
    try:
        code = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except (CycloptsError, Error) as error:
        say_error(explained(error, sys.argv[1:] if arguments is None else arguments))
        code = code_of(error)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is left to flush into it
        if (sys.argv[1:] if arguments is None else arguments)[:1] == ["train"]:  # what only prints has done its work
            say_error("the output was closed before the end; stopped")
        code = FAILED
    sys.exit(code)


if __name__ == "__main__":
    main()
