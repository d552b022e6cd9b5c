"""What is wrong with a run: from its table and its signals to causes, fixes and their proof."""
