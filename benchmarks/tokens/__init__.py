"""How many tokens an agent's conversation takes, by four ways of acting: `make bench-tokens`."""
