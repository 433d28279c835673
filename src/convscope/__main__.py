"""``python -m convscope`` is the ``convscope`` command."""

from convscope.cli.app import main

main()
