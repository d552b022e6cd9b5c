"""The diagnosis of finished runs, and its proof."""
