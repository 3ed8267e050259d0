"""Padding of rows, and their grouping into batches."""

from __future__ import annotations

from collections.abc import Sequence

STEP = 16  # tokens


def pad_length(length: int) -> int:
    """Return the tokens of a row after padding: the next multiple of `STEP`.

    >>> pad_length(1), pad_length(16), pad_length(17)
    (16, 16, 32)
    """
    return -(-length // STEP) * STEP


def group_into_batches(lengths: Sequence[int], most: int, *, mixed: bool) -> list[list[int]]:
    """Group rows into batches, longest first.

    Parameters
    ----------
    lengths
        Tokens of each row.
    most
        Limit on the padded tokens of a batch; a single row may exceed it.
    mixed
        True pads each row to the longest of its batch, which makes few batches. False puts rows of one padded
        length into a batch: then the vectors of a row do not depend on the other rows, to the last bit, since
        neither attention nor the products over the rows see another shape.

    Returns
    -------
    list of list of int
        Row numbers of each batch.

    Examples
    --------
    >>> group_into_batches([60, 4, 58, 5], 512, mixed=False)
    [[0, 2], [1, 3]]
    >>> group_into_batches([60, 4, 58, 5], 512, mixed=True)
    [[0, 2, 3, 1]]
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
