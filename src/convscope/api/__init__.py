"""What the package shows: from data, a run or a name to a trained, inspected or traced network."""
