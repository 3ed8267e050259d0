"""``semtoken ui``: the playground in a browser of this machine."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from semtoken_rag.cli.errors import one_line
from semtoken_rag.cli.options import Encoder, Store, Threads, open_store
from semtoken_rag.cli.sources import read_sources
from semtoken_rag.cli.streams import echo
from semtoken_rag.encoders.registry import check_name
from semtoken_rag.readers.address import is_address
from semtoken_rag.readers.registry import resolve_reader

if TYPE_CHECKING:
    from semtoken_rag.llm.generate import SemTokenLLM
    from semtoken_rag.readers.server import ServerReader


def ui(
    files: Annotated[
        list[str] | None,
        typer.Argument(help="Files, folders and patterns to open with; - is standard input."),
    ] = None,
    llm: Annotated[
        str,
        typer.Option(
            help="auto (SmolLM2 if it is installed), none, a model's name, folder or .gguf, or a server as "
            "openai:http://127.0.0.1:8080/v1#MODEL (key: OPENAI_API_KEY)."
        ),
    ] = "auto",
    tokenizer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Of the server's model, if the server counts no tokens: a name, folder or file.",
        ),
    ] = None,
    encoder: Encoder = "auto",
    store: Store = None,
    threads: Threads = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on, the only one answered to beside localhost.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8765,
    max_upload: Annotated[int, typer.Option(min=1, metavar="MB", help="Largest upload.")] = 20,
) -> None:
    """Show in a browser what is kept of your documents, and what an LLM answers from it."""
    with ExitStack() as stack, one_line():
        from semtoken_rag.ui.app import create_app
        from semtoken_rag.ui.documents import Document
        from semtoken_rag.ui.server import server
        from semtoken_rag.ui.workbench import Workbench
        from semtoken_rag.web.listen import listen
        from semtoken_rag.web.security import LOOPBACK

        check_name(encoder)
        kept = open_store(store)
        read = read_sources(files).documents.values() if files else ()
        names = Counter(PurePath(document.name).name for document in read)
        documents = [Document(title=_short(document.name, names), text=document.text) for document in read]
        # A port in use is an error before a model is loaded.
        listener, address = listen(host, port)
        stack.enter_context(listener)
        with Console(stderr=True).status("Loading the encoder and the reader"):
            reader = load_reader(llm, tokenizer)
            counter = reader.tokenizer if reader else None
            workbench = Workbench(encoder=encoder, reader=reader, token_counter=counter, store=kept)
        app = create_app(workbench, documents, hosts=(*LOOPBACK, host), max_bytes=max_upload * 2**20)
        stack.pop_all()

    echo(f"{address} until Ctrl+C")
    server(app).run(sockets=[listener])


def _short(path: str, names: Counter[str]) -> str:
    """Return a file's name without its folders, unless there are more of that name."""
    name = PurePath(path).name
    return name if names[name] == 1 else path


def load_reader(name: str, tokenizer: str | None = None) -> ServerReader | SemTokenLLM | None:
    """Load the LLM; return None for ``none``, and for ``auto`` if there is none."""
    if name == "auto":
        name = _packaged() or "none"
    if name == "none":
        if tokenizer is not None:
            raise ValueError(
                f"--tokenizer is for a server that --llm names, there is none: got {tokenizer!r:.80}"
            )
        return None
    if not is_address(name):
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
    return resolve_reader(name, tokenizer=tokenizer)


def _packaged() -> str | None:
    """Return the path of the packaged LLM, None if it cannot run here."""
    if not (find_spec("torch") and find_spec("transformers")):
        return None
    from semtoken_rag.llm.gguf import packaged_gguf_path

    path = packaged_gguf_path()
    return str(path) if path else None
