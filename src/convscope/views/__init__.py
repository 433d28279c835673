"""What the package finds, as plain values: one module a thing, behind every ``--json``, for pages and notebooks alike.

A key stays what it is once it has been printed; new ones may come beside it.
"""
