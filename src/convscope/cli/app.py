"""The ``convscope`` command: its verbs, and how an error ends it."""

from __future__ import annotations

import faulthandler
import os
import sys

from cyclopts import App, CycloptsError, Parameter

import convscope
from convscope.cli.exits import FAILED, INTERRUPTED, code_of
from convscope.cli.habits import explained
from convscope.cli.numbers import convert_strictly
from convscope.cli.output import write_any_name
from convscope.errors import Error
from convscope.terminal.screen import say_error
from convscope.training.threads import wait_briefly

app = App(
    name="convscope",
    help="Convolutional networks you can see through: train, evaluate and explain a CNN in one command.",
    version=convscope.__version__,
    help_format="plaintext",
    default_parameter=Parameter(converter=convert_strictly),
)
# In the order of use. Said here, since asking the verbs would import them.
VERBS = {
    "train": "Train a network, score it, write a report.",
    "evaluate": "Score a run on held-out or other data.",
    "predict": "Predict files with a run, as CSV or JSON.",
    "sample": "Draw images from a run.",
    "explain": "Show what answers rest on, with a verdict.",
    "inspect": "Show layers, costs and receptive fields.",
    "trace": "Open one number down to its products.",
    "explore": "Open a page of convolutions and runs.",
    "lab": "List labs; write or run one as a notebook.",
    "compare": "Compare runs: is one better beyond chance?",
    "data": "List, check, show and fetch data sets.",
    "models": "List the networks, or describe one.",
    "bench": "Measure where the time of a run goes.",
    "demo": "Train on small digits, in under a minute.",
}
for _place, (_verb, _what) in enumerate(VERBS.items()):
    _home = "app" if _verb in ("data", "bench") else _verb
    app.command(f"convscope.cli.{_verb}:{_home}", name=_verb, help=_what, sort_key=_place)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with one of the codes of ``exits``."""
    wait_briefly()
    write_any_name()
    if not faulthandler.is_enabled():
        faulthandler.enable(2)  # a crash below Python, as when a mapped file is cut, says where
    words = sys.argv[1:] if arguments is None else arguments
    if words and words[0] in VERBS and app[words[0]].default_command:
        app[words[0]].help = None  # its own docstring says more than the line of the list
    try:
        code = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except (CycloptsError, Error) as error:
        say_error(explained(error, words))
        code = code_of(error)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is left to flush into it
        if words[:1] == ["train"]:  # what only prints has done its work
            say_error("the output was closed before the end; stopped")
        code = FAILED
    sys.exit(code)


if __name__ == "__main__":
    main()
