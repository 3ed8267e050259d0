"""The expected gain of compression (3.6): the paper's formulas, and the same from a model's shape.

The paper takes compute and memory of attention as linear in the number of tokens, so both gain ``1 / r``.
That holds for the KV cache. A decode step also reads the weights, which do not shrink, so it gains less. A
prefill also has a part that grows with the square of its length, so it gains more. `Shape` counts both.
"""

from __future__ import annotations

from dataclasses import dataclass


def compute_gain(ratio: float) -> float:
    """Return the gain in compute, ``n / n' = 1 / r``, if the share ``r`` of the tokens is left.

    >>> compute_gain(0.5)
    2.0
    """
    return 1 / _share(ratio)


def memory_gain(ratio: float) -> float:
    """Return the gain in memory of the KV cache, ``n / n' = 1 / r``.

    >>> round(memory_gain(0.3), 2)
    3.33
    """
    return 1 / _share(ratio)


def stacked_gain(ratio: float, attention_gain: float) -> float:
    """Return the total gain that the paper expects with a faster attention kernel.

    Parameters
    ----------
    ratio
        Share of the tokens that is left, in (0, 1].
    attention_gain
        How many times faster the kernel is, above 0.

    Returns
    -------
    float
        ``1 / r * g_attn``.

    Raises
    ------
    ValueError
        If a value is out of range.

    Examples
    --------
    >>> stacked_gain(0.5, 1.6)
    3.2
    """
    if attention_gain <= 0:
        raise ValueError(f"attention_gain must be above 0, got {attention_gain!r}")
    return attention_gain / _share(ratio)


def _share(ratio: float) -> float:
    if not 0 < ratio <= 1:
        raise ValueError(f"ratio must be in (0, 1], got {ratio!r}")
    return ratio


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a decoder.

    Parameters
    ----------
    name
        Name of the model.
    layers
        Number of layers.
    hidden
        Dimensions of the hidden state.
    heads, kv_heads
        Heads of queries, and of keys and values.
    head_dim
        Dimensions of a head.
    inner
        Width of the feed-forward part.
    vocabulary
        Number of tokens in the vocabulary.
    gated
        Whether the feed-forward part has three matrices in place of two.
    """

    name: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    inner: int
    vocabulary: int
    gated: bool = False

    @property
    def weights(self) -> int:
        """Number of weights that a token is multiplied with: all but norms, biases, input embeddings."""
        attention = self.hidden * self.head_dim * (2 * self.heads + 2 * self.kv_heads)
        forward = self.hidden * self.inner * (3 if self.gated else 2)
        return self.layers * (attention + forward) + self.hidden * self.vocabulary

    def kv_bytes(self, tokens: int, *, itemsize: int = 2) -> int:
        """Return the bytes of the KV cache: the paper's ``2 n d s`` in each layer.

        >>> LLAMA_2_7B.kv_bytes(4096) / 2**30
        2.0
        """
        return 2 * tokens * self.layers * self.kv_heads * self.head_dim * itemsize

    def prefill_flops(self, tokens: int) -> int:
        """Return the floating-point operations of a prefill: the weights for each token, and attention."""
        body = self.weights - self.hidden * self.vocabulary
        attention = 2 * tokens * tokens * self.layers * self.heads * self.head_dim  # half of the square
        return 2 * body * tokens + 2 * self.hidden * self.vocabulary + attention

    def decode_bytes(self, tokens: int, *, itemsize: int = 2) -> int:
        """Return the bytes that one decode step reads: all weights, and the KV cache of ``tokens``."""
        return self.weights * itemsize + self.kv_bytes(tokens, itemsize=itemsize)

    def prefill_gain(self, tokens: int, ratio: float) -> float:
        """Return how many times faster a compressed prompt is read, if arithmetic takes the time."""
        return self.prefill_flops(tokens) / self.prefill_flops(max(1, round(tokens * _share(ratio))))

    def decode_gain(self, tokens: int, ratio: float, *, itemsize: int = 2) -> float:
        """Return how many times faster a decode step is, if reading memory takes the time.

        Parameters
        ----------
        tokens
            Tokens of the full prompt.
        ratio
            Share of the tokens that is left, in (0, 1].
        itemsize
            Bytes of a number.

        Returns
        -------
        float
            Above 1 is faster.

        Examples
        --------
        >>> gains = [LLAMA_2_7B.decode_gain(n, 0.4) for n in (4096, 32768)]
        >>> [round(g, 2) for g in gains]  # of 1 / r = 2.5
        [1.09, 1.51]
        """
        fewer = self.decode_bytes(round(tokens * _share(ratio)), itemsize=itemsize)
        return self.decode_bytes(tokens, itemsize=itemsize) / fewer


LLAMA_2_7B = Shape("llama-2-7b", 32, 4096, 32, 32, 128, 11008, 32000, gated=True)
GPT_J_6B = Shape("gpt-j-6b", 28, 4096, 16, 16, 256, 16384, 50400)
GPT_NEOX_20B = Shape("gpt-neox-20b", 44, 6144, 64, 64, 96, 24576, 50432)
SHAPES = (LLAMA_2_7B, GPT_J_6B, GPT_NEOX_20B)
