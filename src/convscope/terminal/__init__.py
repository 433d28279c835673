"""What a person sees in a terminal or below a notebook's cell: messages, tables, a training as it runs."""
