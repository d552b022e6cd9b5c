"""Training of a stack: losses, optimizers, schedules, penalties, the loop, scores."""
