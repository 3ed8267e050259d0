"""Functions of strings: word boundaries, quotes, role markers, and text made safe to encode or to show."""
