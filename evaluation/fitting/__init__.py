"""How the shipped encoder, tables and weights are made."""
