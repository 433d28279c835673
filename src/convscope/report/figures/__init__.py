"""One figure per file: plain data in, a matplotlib figure with its title and reading out."""
