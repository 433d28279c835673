"""What stands on a report: the sections of any run, and beside them one room a task."""
