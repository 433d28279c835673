"""Classification: each example belongs to one of K classes, the network states a probability for each."""
