"""nnexp's launcher and sweeper, as Hydra finds them."""
