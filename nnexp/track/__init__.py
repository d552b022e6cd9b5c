"""The run folder: what a run writes down, and what it shows meanwhile."""
