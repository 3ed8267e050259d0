"""``semtoken figure``: draw one of the paper's figures from texts or from measured numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from semtoken_rag import CompressedContext, SemToken
from semtoken_rag.cli.errors import one_line
from semtoken_rag.cli.options import Encoder, Threads, read_budget
from semtoken_rag.cli.outputs import check_apart
from semtoken_rag.cli.streams import echo
from semtoken_rag.encoders.base import encode
from semtoken_rag.encoders.registry import resolve_encoder
from semtoken_rag.files import Document, read_paths
from semtoken_rag.paper.clusters import average_clusters, greedy_clusters
from semtoken_rag.types import Tokens

TAUS = (0.8, 0.7, 0.6)


class Name(str, Enum):
    """Figure to draw."""

    DENSITY = "density"
    IMPORTANCE = "importance"
    GAINS = "gains"
    SURFACE = "surface"
    RADAR = "radar"
    TRAJECTORY = "trajectory"
    CLUSTERS = "clusters"


@dataclass(frozen=True, slots=True)
class Arguments:
    """Arguments of the command."""

    files: list[Path]
    queries: list[str]
    ratio: str
    encoder: str
    taus: list[float]
    threshold: float | None

    def context(self, query: str) -> CompressedContext:
        """Compress the files for a question; each file is a chunk."""
        chunks = [chunk for each in self.documents() for chunk in each.chunks([(0, len(each.text))])]
        budget = read_budget(None, self.ratio, None)
        return SemToken(encoder=self.encoder).compress(chunks, query, ratio=budget.ratio)

    def tokens(self) -> Tokens:
        """Return the fingerprints of the files; each file is a chunk."""
        texts = [document.text for document in self.documents()]
        return Tokens.concatenate(encode(resolve_encoder(self.encoder), texts, [""] * len(texts)))

    def documents(self) -> list[Document]:
        """Read the files."""
        return read_paths(self.files)[0]

    def numbers(self, shape: Callable[[Any], Any], said: str) -> dict[str, Any]:
        """Read the only file as a JSON object and convert its values by ``shape``; errors show ``said``."""
        if len(self.files) != 1:
            raise ValueError(f"FILES must be one JSON file, got {len(self.files)}")
        text = self.files[0].read_text(encoding="utf-8")
        try:
            return {name: shape(value) for name, value in json.loads(text).items()}
        except (ValueError, TypeError, AttributeError):
            raise ValueError(f"{self.files[0]} must hold {said}, got {text!r:.80}") from None


def figure(
    name: Annotated[Name, typer.Argument(help="What to draw.")],
    files: Annotated[
        list[Path],
        typer.Argument(
            help='Texts, each one chunk; for gains and radar one JSON file, {"NAME": [[R, GAIN], ...]} and '
            '{"METHOD": {"METRIC": VALUE from 0 to 1}}.'
        ),
    ],
    query: Annotated[
        list[str] | None,
        typer.Option("--query", "-q", help="The question; for importance several, one a panel."),
    ] = None,
    ratio: Annotated[str, typer.Option(metavar="R", help="Largest share of the tokens to pass on.")] = "0.2",
    encoder: Encoder = "auto",
    threads: Threads = None,
    tau: Annotated[
        list[float] | None, typer.Option(help="For trajectory and clusters; several, one a panel.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="For density, the line; the median by default.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Takes NAME.png and NAME.svg.")] = Path(),
) -> None:
    """Draw one of the paper's figures from FILES."""
    with one_line():
        from semtoken_rag import viz

        if name is Name.IMPORTANCE and not query:
            raise ValueError("importance needs --query, got none")
        for drawn in viz.files(out, name.value):
            check_apart("--out", drawn, files)
        given = Arguments(files, query or [""], ratio, encoder, tau or [*TAUS], threshold)
        made = viz.save(DRAWN[name](viz, given), out, name.value)
    echo("\n".join(map(str, made)))


def _points(value: Any) -> list[tuple[float, float]]:
    return [(float(ratio), float(gain)) for ratio, gain in value]


def _profile(value: Any) -> dict[str, float]:
    return {metric: float(figure) for metric, figure in value.items()}


def _trajectory(viz: Any, given: Arguments) -> Any:
    tokens, stages = given.tokens(), {}
    for tau in given.taus:
        clusters = greedy_clusters(tokens.vectors, tokens.chunk, tau)
        stages[f"merged at tau = {tau:g}"] = average_clusters(tokens.vectors, clusters)
    return viz.trajectory({"fingerprints": tokens.vectors, **stages})


def _clusters(viz: Any, given: Arguments) -> Any:
    tokens = given.tokens()
    sizes: dict[str, dict[str, Any]] = {}
    for tau in given.taus:
        clusters = greedy_clusters(tokens.vectors, tokens.chunk, tau)
        size, chunk = np.diff(clusters, axis=1)[:, 0], tokens.chunk[clusters[:, 0]]
        sizes[f"tau = {tau:g}"] = {str(file): size[chunk == i] for i, file in enumerate(given.files)}
    return viz.cluster_distribution(sizes)


DRAWN: Mapping[Name, Callable[[Any, Arguments], Any]] = {
    Name.DENSITY: lambda viz, given: viz.density_profile(given.context(given.queries[0]), given.threshold),
    Name.IMPORTANCE: lambda viz, given: viz.importance_by_query({q: given.context(q) for q in given.queries}),
    Name.GAINS: lambda viz, given: viz.efficiency_gains(given.numbers(_points, '{"NAME": [[R, GAIN], ...]}')),
    Name.SURFACE: lambda viz, given: viz.density_surface(given.context(given.queries[0])),
    Name.RADAR: lambda viz, given: viz.radar(given.numbers(_profile, '{"METHOD": {"METRIC": VALUE}}')),
    Name.TRAJECTORY: _trajectory,
    Name.CLUSTERS: _clusters,
}
