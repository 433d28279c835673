"""One file a source: what each kind of data set looks like on disk, and how its examples are listed."""
