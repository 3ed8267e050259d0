"""Switches that are the process's, cuDNN's attention and torch's threads: nobody is left with another one."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from semtoken_rag.encoders.device import torch_threads, without_cudnn_attention
from semtoken_rag.encoders.transformer import TransformerEncoder

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


@pytest.fixture
def two_threads():
    kept = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(kept)


@pytest.mark.parametrize(("wanted", "most", "used"), [(None, 9, 2), (None, 1, 1), (1, 9, 1), (4, 3, 3)])
def test_torch_takes_its_threads_within_the_cores_and_then_as_many_as_before(two_threads, wanted, most, used):
    with torch_threads(wanted, most):
        assert torch.get_num_threads() == used
    assert torch.get_num_threads() == 2


def test_an_encoder_runs_on_its_threads(two_threads, tiny_bert):
    encoder = TransformerEncoder(
        str(tiny_bert(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a"], hidden=8, layers=1)), threads=1
    )
    ran = []
    encoder.module.register_forward_hook(lambda *_: ran.append(torch.get_num_threads()))
    encoder.encode(["a a"], [""])
    assert (ran, torch.get_num_threads()) == ([1], 2)
    with pytest.raises(ValueError, match="threads must be an int of at least 1, got 0"):
        TransformerEncoder(encoder, threads=0)
