"""Columns that know the label."""
