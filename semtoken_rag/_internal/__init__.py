"""What modules of the package share and nobody else should use."""
