"""What a report shows of texts, DNA and signals: what answers rest on, and what kernels answer."""
