"""What a network does with one input, seen in PyTorch."""
