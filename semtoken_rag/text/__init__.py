"""Functions of strings: boundaries, quotes, markers, what can be shown."""
