"""Every field of a scenario: what to write, what it is if left out, its limits, its meaning."""
