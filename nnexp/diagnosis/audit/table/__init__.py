"""What columns and cells have wrong."""
