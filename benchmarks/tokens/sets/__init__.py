"""Gold actions over real objects."""
