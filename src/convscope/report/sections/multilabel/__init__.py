"""What a report shows of sets of labels: how well each label is told by itself."""
