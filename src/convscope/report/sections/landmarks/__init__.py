"""What a report shows of points: the curve of errors, each point by itself, and points drawn over the images."""
