"""What an answer rests on: one method a file; each takes a network and the input it sees, and knows no run."""
