"""The command line: one verb a file; it parses, calls and prints, and has no logic of its own."""
