"""The table and its split, looked at before any training."""
