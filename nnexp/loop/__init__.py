"""A training loop of one's own, watched from outside: what it shows, and what that points to."""
