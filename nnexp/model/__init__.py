"""Models, K members at a time: parameters in rows of one tensor, forward and backward passes."""
