"""Many runs at once: jobs, stacks, processes, search, resume."""
