"""What a network makes of one example, layer by layer: a page of feature maps, kernels and components."""
