"""What a framework's template adds to a document's text, in tokens of the reader."""

from __future__ import annotations

from collections.abc import Callable

SEPARATOR = "\n\n"  # between documents: LlamaIndex's response synthesizers, LangChain's stuff chains


class Frame:
    """Counts what stands around the texts of a call, each wording once.

    Parameters
    ----------
    count
        Counts the reader's tokens.
    separator
        What the framework joins documents with.
    """

    def __init__(self, count: Callable[[str], int], separator: str = SEPARATOR) -> None:
        self._count, self._separator, self._counted = count, separator, {"": 0}

    def tokens(self, shown: str, text: str) -> int:
        r"""Count what a template adds to a text, and the separator that follows.

        What stands before the text and behind it is counted apart from it, since only a part of the text may
        be left in the end.

        Parameters
        ----------
        shown
            The document as the template shows it.
        text
            Its plain text.

        Returns
        -------
        int
            At least 0.

        Examples
        --------
        >>> Frame(lambda text: len(text.split())).tokens("page: 7\n\nIt rained.", "It rained.")
        2
        """
        body, separator = text.strip(), self._tokens(self._separator)
        if body and body not in shown:
            return max(0, self._count(shown) - self._count(text)) + separator
        before, _, after = shown.partition(body) if body else (shown, "", "")
        return self._tokens(before) + self._tokens(after) + separator

    def _tokens(self, text: str) -> int:
        if text not in self._counted:
            self._counted[text] = max(0, self._count(text))
        return self._counted[text]
