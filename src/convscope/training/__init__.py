"""The training engine: the plan, the loop, schedules, optimisers, checkpoints and history."""
