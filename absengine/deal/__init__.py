"""deal.toml → Deal → Program: the structurer's words, checked and compiled."""
