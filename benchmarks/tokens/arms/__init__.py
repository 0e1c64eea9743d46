"""The ways of acting that are compared, each over the same actions."""
