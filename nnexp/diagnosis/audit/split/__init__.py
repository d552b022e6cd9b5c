"""What the split has wrong, and how held-out rows differ from train rows."""
