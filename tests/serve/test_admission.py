"""Turns, and callers that leave while they wait for one."""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("fastapi")
from semtoken_rag.serve.admission import Admission, Busy


@pytest.mark.parametrize("steps", range(6))
def test_who_leaves_as_its_turn_comes_keeps_nobody_waiting(steps: int):
    async def run() -> None:
        admission = Admission(1, 5, 5.0)

        async def call() -> None:
            async with admission.turn():
                await asyncio.sleep(60)

        async with admission.turn():
            left = asyncio.create_task(call())
            await asyncio.sleep(0.01)
        for _ in range(steps):
            await asyncio.sleep(0)
        left.cancel()
        await asyncio.wait({left}, timeout=0.5)
        assert left.cancelled()
        async with admission.turn():
            pass

    asyncio.run(run())


def test_who_waits_too_long_is_told_and_takes_no_turn_later():
    async def run() -> None:
        admission = Admission(1, 1, 0.01)
        async with admission.turn():
            with pytest.raises(Busy, match=r"no turn within 0\.01 s"):
                async with admission.turn():
                    pass
        async with admission.turn():
            pass

    asyncio.run(run())
