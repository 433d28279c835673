"""What is true of a network whatever its weights: pure functions from a graph to plain data. No torch."""
