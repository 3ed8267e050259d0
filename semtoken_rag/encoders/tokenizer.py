"""A tokenizer that caches the tokens of each word, since texts repeat their words.

WordPiece gives up a run of letters that is over 100 characters long, or has a letter its vocabulary lacks: a
whole sentence of Thai is one unknown token to it. Such a run is cut into syllables or short pieces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

import numpy as np

from semtoken_rag.text.clusters import is_joined, syllables
from semtoken_rag.text.encodable import encodable
from semtoken_rag.types import IntArray

PARALLEL = 2_000  # characters; below it, waking the tokenizer's threads costs more than it saves
MOST_WORDS = 1 << 15  # words in the cache: some 10 MB
LONGEST = 48  # characters of a word in the cache
GIVEN_UP = 100  # characters from which WordPiece gives up on a run of letters
PIECE = 16  # characters of the pieces that such a run is cut into

Word: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]  # ids; start and end of each token in turn


@dataclass(frozen=True, slots=True)
class Tokenized:
    """The tokens of a text.

    Attributes
    ----------
    ids : (n,) int
        Token ids, without special tokens.
    offsets : (n, 2) int
        Character range of each token.
    """

    ids: IntArray
    offsets: IntArray


class TextTokenizer:
    """Tokenize as a Hugging Face tokenizer does, with a cache of words if the tokenizer cuts at blanks.

    BERT's tokenizers look at one word at a time, so the tokens of a text are those of its words, and the
    cache saves most of the time. Any other tokenizer gets whole texts.

    Parameters
    ----------
    tokenizer
        A ``tokenizers.Tokenizer`` that neither truncates nor pads.

    Attributes
    ----------
    unknown
        Token id of what the vocabulary lacks.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._by_words = cuts_at_blanks(tokenizer)
        self.unknown: int = tokenizer.token_to_id(getattr(tokenizer.model, "unk_token", None) or "[UNK]")
        self._known: dict[str, Word] = {}

    def count(self, text: str) -> int:
        """Return the number of tokens of ``text``."""
        text = encodable(text)
        if not self._by_words:
            return len(self._tokenizer.encode(text, add_special_tokens=False).ids)
        words = _split(text)
        known = self._look_up(words)
        return sum(len(known[word][0]) for word in words)

    def __call__(self, texts: Sequence[str]) -> list[Tokenized]:
        """Tokenize each text; offsets count characters of that text."""
        clean = [encodable(text) for text in texts]
        if not self._by_words or not clean:
            return [_to_arrays(tokens) for tokens in self._encode(clean)]
        words = _split(" ".join(clean))  # the texts end to end, a blank between two
        known = self._look_up(words)
        ids, places = zip(*(known[word] for word in words), strict=True)
        tokens = np.fromiter(map(len, ids), np.int64, len(words))
        length = np.fromiter(map(len, words), np.int64, len(words)) + 1
        offsets = np.fromiter(chain.from_iterable(places), np.int64).reshape(-1, 2)
        offsets += np.repeat(np.cumsum(length) - length, tokens)[:, None]
        starts = np.cumsum([0, *(len(text) + 1 for text in clean)])
        first = np.searchsorted(offsets[:, 0], starts)
        flat = np.fromiter(chain.from_iterable(ids), np.int64)
        return [
            Tokenized(flat[a:b], offsets[a:b] - start)
            for a, b, start in zip(first[:-1].tolist(), first[1:].tolist(), starts.tolist(), strict=False)
        ]

    def _look_up(self, words: Sequence[str]) -> Mapping[str, Word]:
        """Return the tokens of each word; tokenize the new ones and add them to the cache."""
        known = self._known
        new = [word for word in dict.fromkeys(words) if word not in known]
        if not new:
            return known
        made = self._tokenize_words([word for word in new if len(word) <= LONGEST])
        if len(known) + len(made) > MOST_WORDS:
            known = self._known = {word: known[word] for word in set(words) & known.keys()}
        known.update({word: self._mended(word, tokens) for word, tokens in made.items()})
        long = [word for word in new if len(word) > LONGEST]
        if not long:
            return known
        whole = map(_to_arrays, self._encode(long))
        return known | {
            word: self._mended(word, (tuple(t.ids.tolist()), tuple(t.offsets.ravel().tolist())))
            for word, t in zip(long, whole, strict=True)
        }

    def _mended(self, word: str, tokens: Word) -> Word:
        """Tokens of a word, those of its pieces in place of each unknown run that has pieces."""
        ids, places = tokens
        if self.unknown not in ids:
            return tokens
        made: list[tuple[int, int, int]] = []
        for token, start, end in zip(ids, places[::2], places[1::2], strict=True):
            stop = end
            while token == self.unknown and is_joined(word, stop):  # marks that the tokenizer dropped
                stop += 1
            pieces = _pieces(word[start:stop]) if token == self.unknown else []
            for a, b in pieces:
                made += self._piece(word[start + a : start + b], start + a)
            if not pieces:
                made.append((token, start, end))
        return tuple(token for token, _, _ in made), tuple(at for _, *place in made for at in place)

    def _piece(self, piece: str, start: int) -> list[tuple[int, int, int]]:
        """Tokens of a piece, which together reach from its first character to its last."""
        tokens = _to_arrays(self._tokenizer.encode(piece, add_special_tokens=False))
        ids, offsets = tokens.ids.tolist(), tokens.offsets.tolist()
        if not ids:
            return [(self.unknown, start, start + len(piece))]
        ends = [*(place[0] for place in offsets[1:]), len(piece)]
        starts = [0, *ends[:-1]]
        return [(token, start + a, start + b) for token, a, b in zip(ids, starts, ends, strict=True)]

    def _tokenize_words(self, words: Sequence[str]) -> dict[str, Word]:
        """Tokenize words as one text, which is faster than one by one."""
        tokens = _to_arrays(self._tokenizer.encode(" ".join(words), add_special_tokens=False))
        length = np.fromiter(map(len, words), np.int64, len(words)) + 1
        start = np.cumsum(length) - length
        cuts = np.searchsorted(tokens.offsets[:, 0], [*start.tolist(), int(length.sum())])
        places = tokens.offsets - np.repeat(start, np.diff(cuts))[:, None]
        ids, flat, ends = tokens.ids.tolist(), places.ravel().tolist(), cuts.tolist()
        return {
            word: (tuple(ids[a:b]), tuple(flat[2 * a : 2 * b]))
            for word, a, b in zip(words, ends, ends[1:], strict=False)
        }

    def _encode(self, texts: Sequence[str]) -> list[Any]:
        if sum(map(len, texts)) > PARALLEL:
            found: list[Any] = self._tokenizer.encode_batch(texts, add_special_tokens=False)
            return found
        return [self._tokenizer.encode(text, add_special_tokens=False) for text in texts]


def cuts_at_blanks(tokenizer: Any) -> bool:
    """Return whether the tokens of a text are those of its words, as with BERT's tokenizers."""
    parts = type(tokenizer.normalizer).__name__, type(tokenizer.pre_tokenizer).__name__
    added = tokenizer.get_added_tokens_decoder().values()
    return parts == ("BertNormalizer", "BertPreTokenizer") and not any(
        token.lstrip or token.rstrip or token.single_word or " " in token.content for token in added
    )


def _split(text: str) -> list[str]:
    """Split at the characters that BERT and Python both take for a blank; lengths stay the same."""
    return text.replace("\n", " ").replace("\t", " ").replace("\r", " ").split(" ")


def _pieces(run: str) -> list[tuple[int, int]]:
    """Syllables of an unknown run, or short pieces where it is longer than WordPiece takes; else none."""
    cuts = syllables(run)
    if not cuts and len(run) > GIVEN_UP:
        cuts = [at for at in range(PIECE, len(run), PIECE) if not is_joined(run, at)]
    return list(zip([0, *cuts], [*cuts, len(run)], strict=True)) if cuts else []


def _to_arrays(tokens: Any) -> Tokenized:
    return Tokenized(np.array(tokens.ids, np.int64), np.array(tokens.offsets, np.int64).reshape(-1, 2))
