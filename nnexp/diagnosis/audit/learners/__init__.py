"""What a table allows, by learners that no scale, rate or loss can spoil."""
