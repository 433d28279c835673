"""Labs: one lesson after the other as notebooks, each of whose figures is asserted.

A lab is a script of cells in the percent format (``NN-name.py`` in this folder), which Jupyter, VS Code and any editor
can open. What its cells use of this package stands here: finding data sets, pictures, and questions that the engine
answers.
"""

from __future__ import annotations

from convscope.labs.datasets import find, missing
from convscope.labs.questions import Verdict, check, questions
from convscope.labs.show import lines, pictures

__all__ = ["Verdict", "check", "find", "lines", "missing", "pictures", "questions"]
