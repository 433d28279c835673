"""One number of a network, opened: its window, its kernel, each product; and on to the operands, down to the pixels."""

from convscope.tracing.forward import Forward, Scaling
from convscope.tracing.terms import Term, Trace

__all__ = ["Forward", "Scaling", "Term", "Trace"]
