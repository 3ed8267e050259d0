"""The structure of a text: its units in any notation, and what each of them hangs on."""
