"""What readers make of a compressed context."""
