"""``python -m semtoken_rag.cli``: the command ``semtoken``."""

from __future__ import annotations

from semtoken_rag.cli import main

if __name__ == "__main__":
    main()
