"""Two bits a dimension: what the codes keep of the vectors."""

from __future__ import annotations

import numpy as np
import pytest

from semtoken_rag.encoders.quantize import EDGE, LEVELS, pack, rotate, rotate_back, unpack, width


def unit(n: int, d: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("d", [1, 3, 63, 64, 100, 255, 256, 384])
def test_a_rotation_keeps_every_cosine(d):
    vectors = unit(20, d)
    np.testing.assert_allclose(rotate(vectors) @ rotate(vectors).T, vectors @ vectors.T, atol=1e-5)
    np.testing.assert_allclose(rotate_back(rotate(vectors)), vectors, atol=1e-5)


@pytest.mark.parametrize("d", [64, 65, 255, 384])
def test_a_vector_takes_a_quarter_byte_a_dimension_and_comes_back_with_length_one(d):
    codes = pack(unit(7, d))
    assert (codes.dtype, codes.shape) == (np.uint8, (7, -(-d // 4)))
    decoded = unpack(codes, d)
    assert decoded.shape == (7, d)
    np.testing.assert_allclose(np.linalg.norm(decoded, axis=1), 1, atol=1e-5)


def test_decoded_vectors_point_where_the_turned_ones_do():
    vectors = unit(200, 384)
    cosine = np.einsum("nd,nd->n", unpack(pack(vectors), 384), rotate(vectors))
    assert cosine.min() > 0.9
    assert cosine.mean() > 0.935  # 0.1175 of the variance of a Gaussian is lost: sqrt(1 - 0.1175) = 0.939


def test_every_coordinate_becomes_the_nearest_level():
    d = 64
    vectors = unit(50, d)
    turned = rotate(vectors) * np.sqrt(d)
    nearest = LEVELS[np.abs(turned[..., None] - LEVELS).argmin(-1)]
    clear = np.abs(np.abs(turned) - EDGE).min(1) > 1e-3  # rows without a coordinate on an edge
    expected = nearest / np.linalg.norm(nearest, axis=1, keepdims=True)
    assert clear.sum() > 20
    np.testing.assert_allclose(unpack(pack(vectors), d)[clear], expected[clear], atol=1e-5)


def test_no_vectors_make_no_codes():
    assert unpack(pack(np.zeros((0, 12), np.float32)), 12).shape == (0, 12)


@pytest.mark.parametrize("n", [0, 1, 9])
@pytest.mark.parametrize("d", [1, 2, 63])
def test_vectors_of_few_dimensions_stay_as_they_are(n, d):
    vectors = unit(n, d)
    codes = pack(vectors)
    assert (codes.dtype, codes.shape) == (np.uint8, (n, width(d)))
    np.testing.assert_array_equal(unpack(codes, d), vectors)
    np.testing.assert_array_equal(rotate(vectors), vectors)
