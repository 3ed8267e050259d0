"""``python -m semtoken_rag`` and the command ``semtoken``, which says what is missing in one line."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; without its extra, name that and exit with status 2."""
    try:
        from semtoken_rag.cli import main as run
    except ImportError as error:
        sys.stderr.write(f"semtoken: {error}\n")
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()
