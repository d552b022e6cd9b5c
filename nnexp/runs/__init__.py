"""One run: from a configuration to a folder that is whole, diagnosed, and can be gone on with."""
