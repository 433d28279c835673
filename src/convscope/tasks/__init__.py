"""What a task knows: how its targets are coded, its loss, its figures of merit, and the simple rivals of a network."""
