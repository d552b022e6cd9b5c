"""What labels have wrong."""
