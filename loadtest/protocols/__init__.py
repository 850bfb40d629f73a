"""The recipes that use both halves: measure, learn, predict, compare."""
