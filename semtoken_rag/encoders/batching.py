"""How rows are padded, and which of them share a batch."""

from __future__ import annotations

from collections.abc import Sequence

STEP = 16  # tokens


def pad_length(length: int) -> int:
    """Tokens of a row after padding: the next multiple of `STEP`.

    >>> padded(1), padded(16), padded(17)
    (16, 16, 32)
    """
    return -(-length // STEP) * STEP


def group_into_batches(lengths: Sequence[int], most: int, *, mixed: bool) -> list[list[int]]:
    """Group rows into batches of at most ``most`` padded tokens, or of a single row, longest first.

    ``mixed`` pads every row to the longest of its batch, for few batches. Without it, rows of a batch have
    one padded length: then what is computed for a row does not depend on the others, to the last bit, since
    neither attention nor the products over the rows see another shape.

    >>> batches([60, 4, 58, 5], 512, mixed=False), batches([60, 4, 58, 5], 512, mixed=True)
    ([[0, 2], [1, 3]], [[0, 2, 3, 1]])
    """
    made: list[list[int]] = []
    size = [pad_length(length) for length in lengths]
    for row in sorted(range(len(lengths)), key=lambda i: -lengths[i] if mixed else -size[i]):
        longest = size[made[-1][0]] if made else 0
        if made and (len(made[-1]) + 1) * longest <= most and (mixed or size[row] == longest):
            made[-1].append(row)
        else:
            made.append([row])
    return made
