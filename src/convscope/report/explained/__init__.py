"""What answers rest on, as files: a page with its figures, a picture for each map, a table and the arrays."""
