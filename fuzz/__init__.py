"""Coverage-guided fuzzing: what each target reads, and what must hold whatever that is."""
