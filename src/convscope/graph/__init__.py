"""A network as data: nodes over the primitives of ``ops``, recorded from any PyTorch module, run in NumPy."""

from convscope.graph.graph import Graph
from convscope.graph.node import Node, Parameter
from convscope.graph.save import load, save

__all__ = ["Graph", "Node", "Parameter", "load", "save"]
