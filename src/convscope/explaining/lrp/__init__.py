"""Layer-wise relevance propagation (Bach et al. 2015) on a recorded graph, one rule a primitive.

Relevance starts as the score at the network's output and goes back through every node of the graph: each output number
hands what it got to its inputs, in proportion to what each contributed to it. A graph has one node a call, so that
modules used twice, sums of residual branches and concatenations need nothing of their own.
"""
