"""Configuration: the schema of every key, its composition by Hydra, and its errors."""
