"""``semtoken serve``: compression, reranking and a proxy in front of a local LLM, over HTTP."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from semtoken_rag import Budget, Config, SemToken
from semtoken_rag.budget import DEFAULT_RATIO
from semtoken_rag.cli.errors import one_line
from semtoken_rag.cli.options import Encoder, Threads, open_store
from semtoken_rag.cli.streams import echo
from semtoken_rag.encoders.registry import check_name

KEY = "SEMTOKEN_API_KEY"
UPSTREAM_KEY = "SEMTOKEN_UPSTREAM_KEY"


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8000,
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Another host name to answer to; * for any. Can be given again."),
    ] = None,
    encoder: Encoder = "auto",
    threads: Threads = None,
    tokenizer: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Tokenizer of the LLM, to count by: a name, folder or file."),
    ] = None,
    store: Annotated[
        str, typer.Option(help="memory://, sqlite:///file, redis://host, or none.")
    ] = "memory://",
    upstream: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="OpenAI-compatible server to pass chats on to: URL or openai:URL#model."
        ),
    ] = None,
    upstream_key: Annotated[
        str | None, typer.Option(envvar=UPSTREAM_KEY, show_default=False, help="Its API key.")
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option(envvar=KEY, show_default=False, help="What callers must send as the bearer."),
    ] = None,
    ratio: Annotated[float | None, typer.Option(help="Share of the tokens to keep by default: 0.4.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Most tokens to keep by default.")] = None,
    keep: Annotated[float | None, typer.Option(help="Chance by default that nothing wanted is lost.")] = None,
    threshold: Annotated[
        int, typer.Option(help="Tokens from which a chat's unmarked text is compressed; 0: never.")
    ] = 2000,
    max_body: Annotated[int, typer.Option(min=1, metavar="KB", help="Largest body of a request.")] = 1024,
    max_calls: Annotated[
        int | None, typer.Option(min=1, help="Calls that compress at one time: one for each core.")
    ] = None,
    max_waiting: Annotated[int, typer.Option(min=0, help="Calls that wait for their turn.")] = 64,
    max_wait: Annotated[float, typer.Option(help="Seconds that a call waits for its turn.")] = 10.0,
    deadline: Annotated[
        float, typer.Option(help="Seconds after which a call returns what the static encoder keeps.")
    ] = 30.0,
) -> None:
    """Serve until Ctrl+C."""
    with one_line():
        from semtoken_rag.readers.address import Address
        from semtoken_rag.readers.tokenizer import load_tokenizer
        from semtoken_rag.serve.app import create_app
        from semtoken_rag.serve.server import make_server
        from semtoken_rag.serve.settings import ServeConfig, Upstream
        from semtoken_rag.web.listen import listen
        from semtoken_rag.web.security import LOOPBACK

        check_name(encoder)
        if ratio is None and max_tokens is None:
            ratio = DEFAULT_RATIO if keep is None else 1.0
        config = ServeConfig(
            hosts=(*LOOPBACK, host, *(allow or [])),
            api_key=api_key,
            max_bytes=max_body * 1024,
            max_calls=max_calls,
            max_waiting=max_waiting,
            max_wait=max_wait,
            budget=Budget(max_tokens, ratio, keep),
            threshold=threshold,
        )
        behind = Upstream(upstream, api_key=upstream_key) if upstream else None
        kept = open_store(None if store == "none" else store)
        listener, address = listen(host, port)  # a port in use is an error before a model is loaded
        own = {f"http://{name}:{listener.getsockname()[1]}" for name in (*LOOPBACK, host)}
        with listener:
            if behind and Address(behind.url).root in own:
                raise ValueError(f"the server behind must be another than this one, got {upstream!r:.80}")
            with Console(stderr=True).status("Loading the encoder"):
                engine = SemToken(
                    encoder=encoder,
                    token_counter=load_tokenizer(tokenizer) if tokenizer else None,
                    store=kept,
                    config=Config(deadline=deadline),
                )
                engine.compress(["A first call loads it."], "What does it load?", max_tokens=4, keep=keep)
            server = make_server(create_app(engine, config, upstream=behind))
            echo(f"{address} until Ctrl+C")
            server.run(sockets=[listener])
