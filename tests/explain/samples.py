"""A question that needs two documents, calls that answer it, and texts that would like to run a script."""

from __future__ import annotations

from semtoken_rag import Chunk, CompressedContext, SemToken
from tests.support.samples import words

QUESTION = "Where was the engineer born whose company built the iron tower of Paris?"
DOCUMENTS = [
    Chunk(
        "Dijon lies on the canal of Burgundy. Its mustard is known far away. A market is held on Tuesdays.",
        id="d1",
        title="Dijon",
    ),
    Chunk(
        "Bread is made of flour, water and salt. The dough rests for an hour before it is baked.",
        title="Bread",
    ),
    Chunk(
        "The iron tower of Paris was built by the company of the engineer Gustave Eiffel. It is painted "
        "every seven years. Six million people climb it in a year.",
        id="d3",
        title="The iron tower",
    ),
    Chunk(
        "He came into the world in Dijon in 1832, as the first of three children. He studied chemistry. "
        "His last years went to the wind and the weather.",
        id="d4",
        title="Gustave Eiffel",
    ),
]

HOSTILE = (
    "<script>window.hit=1</script>",
    "</script><script>window.hit=1</script>",
    "<img src=x onerror='window.hit=1'>",
    "\"'><svg onload=window.hit=1><animate onbegin=window.hit=1 attributeName=x dur=1s>",
    "<a href='javascript:window.hit=1'>click</a> <iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
    "</title></style></textarea></iframe><script>top.hit=1</script>",
    "<meta http-equiv=refresh content='0;url=http://example.com/'><base href='http://example.com/'>",
    "<link rel=stylesheet href='http://example.com/x.css'><input autofocus onfocus='window.hit=1'>",
    "{{constructor.constructor('window.hit=1')()}} ${window.hit=1} $script ${data} %(x)s {0} <%= x %> #{x}",
    "<!-- --> --!> ]]> <![CDATA[ &lt;script&gt; &#60;script&#62; \\u003cscript> \\x3c",
    "\ufeffmark \u202eoverride\u202c \u2066isolate \ud800 half \udfff \x00\x1b[31m \x9b31m \U000e0041 \u2028",
)


def call(chunks=DOCUMENTS, query=QUESTION, strategy="semtoken", **budget) -> CompressedContext:
    """Compress with the table that is in the wheel, for a reader whose tokens are words."""
    made = SemToken(encoder="static", strategy=strategy, token_counter=words, on_error="raise")
    return made.compress(chunks, query, **budget)


def hostile() -> CompressedContext:
    """Compress hostile texts, each in a document's text, title and id, with a hostile question."""
    chunks = [
        Chunk(f"{text} The tower is tall. {text}\n{text}", id=text, title=text * (n % 2))
        for n, text in enumerate(HOSTILE)
    ]
    return call(chunks, " ".join(("How tall is the tower?", *HOSTILE)), ratio=0.5)
