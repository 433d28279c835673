"""Multi-label classification: any number of K labels hold for an example, the network states a probability for each."""
