"""What the playground and the service share: who may ask, and how an error is told."""
