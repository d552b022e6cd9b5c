"""What a configuration can hold at most: what is written for a run can be read back from it."""

LARGEST = 1 << 20  # bytes of its text
DEEPEST = 20  # levels of nesting
MOST = 50_000  # values, about a second to read
LONGEST = 10_000  # characters of a value
DIGITS = 20  # of a whole number: any of 64 bits fits
LIST, ITEMS = LARGEST * 3 // 4, MOST - 1000  # bytes of the text of a list, and its values
