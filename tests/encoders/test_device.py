"""The switch of cuDNN's attention, which is the process's: nobody is left with another one."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from semtoken_rag.encoders.device import without_cudnn_attention

GPU = torch.device("cuda")
enabled = torch.backends.cuda.cudnn_sdp_enabled


@pytest.fixture(params=[True, False])
def before(request):
    kept = enabled()
    torch.backends.cuda.enable_cudnn_sdp(request.param)
    yield request.param
    torch.backends.cuda.enable_cudnn_sdp(kept)


def test_it_is_off_while_someone_needs_that_and_then_as_it_was(before):
    first, second = without_cudnn_attention(GPU), without_cudnn_attention(GPU)
    with first:
        assert not enabled()
        second.__enter__()
    assert not enabled()  # the second goes on
    second.__exit__(None, None, None)
    assert enabled() is before


def test_a_failure_puts_it_back(before):
    with pytest.raises(ZeroDivisionError), without_cudnn_attention(GPU):
        1 / 0  # noqa: B018
    assert enabled() is before


def test_on_a_cpu_nothing_is_switched(before):
    with without_cudnn_attention(torch.device("cpu")):
        assert enabled() is before
