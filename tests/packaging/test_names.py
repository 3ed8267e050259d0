"""Import paths that users and documents rely on."""

from __future__ import annotations

import sys
from importlib import import_module

import pytest

NAMES = {
    "semtoken_rag": """SemToken Chunk Budget Config CompressedContext CompressedChunk Piece Granularity
        Stats UnitReport DeadlineExceeded Overloaded""",
    "langchain_semtoken": """SemTokenCompressor SemTokenTransformer ContextualCompressionRetriever
        SemTokenMiddleware""",
    "langchain_semtoken.llm": "SemTokenReader",
    "llama_index.postprocessor.semtoken": "SemTokenPostprocessor SemTokenIngestion SemTokenTools",
    "llama_index.postprocessor.semtoken.llm": "SemTokenReader SemTokenQueryEngine",
    "haystack_semtoken": "SemTokenCompressor DocumentSettings",
    "semtoken_rag.mcp_server": "create_server Folders Limits",
    "semtoken_rag.types": "Chunk Encoding Tokens Units Query Selection Granularity",
    "semtoken_rag.testing": "HashEncoder ScriptedReader check_context check_encoder check_strategy",
    "semtoken_rag.budget": "Budget",
    "semtoken_rag.config": "Config",
    "semtoken_rag.files": "read_paths read_document Document Limits Skipped SUFFIXES",
    "semtoken_rag.pool": "BudgetPool",
    "semtoken_rag.agents": """Originals UnknownRef expand ToolResultCompressor CompressedResult question_of
        History Message Forms AgentConfig""",
    "semtoken_rag.vectors": "compress_vectors CompressedVectors",
    "semtoken_rag.explain": "explain page frame Explanation DocumentView UnitView",
    "semtoken_rag.ingest": "ingest ingest_ray open_source Source",
    "semtoken_rag.examples": "Example read_examples",
    "semtoken_rag.calibrate": "calibrate_on",
    "semtoken_rag.evaluate": "measure Curve Point ask Answers with_answers",
    "semtoken_rag.train.trainer": "Trainer Recipe",
    "semtoken_rag.train.examples": "Example read_examples",
    "semtoken_rag.viz": "save",
    "semtoken_rag.ui.app": "create_app",
    "semtoken_rag.serve.app": "create_app",
    "semtoken_rag.serve.server": "make_server serving",
    "semtoken_rag.serve.settings": "ServeConfig Upstream",
    "semtoken_rag.ui.workbench": "Workbench",
    "semtoken_rag.deadline": "check DeadlineExceeded",
    "semtoken_rag.encoders.base": "Encoder unit_length encodable",
    "semtoken_rag.encoders.embeddings": "EmbeddingsEncoder",
    "semtoken_rag.strategy": """Problem Strategy SemTokenStrategy LeadStrategy CascadeStrategy
        GuardedStrategy select selection Ledger""",
    "semtoken_rag.store": "FingerprintStore MemoryStore SQLiteStore RedisStore TieredStore resolve_store",
    "semtoken_rag.paper": "PaperStrategy",
    "semtoken_rag.fingerprints": "Fingerprint Fingerprinter Read",
    "semtoken_rag.readers": "ServerReader ServerTokenizer ServerError StreamBroken Address resolve_reader",
    "semtoken_rag.llm": """SemTokenLLM Settings Sampler Template Text Soft KV Mode Medoid Drop Merger KVBudget
        Policy SpanRelevance HeavyHitters ChunkKVCache SpanCache SoftPrompt Answer AnswerStats Stream""",
    "semtoken_rag.llm.generate": "SemTokenLLM",
    "semtoken_rag.llm.modes": "Text Soft KV Mode",
    "semtoken_rag.llm.settings": "Settings",
    "semtoken_rag.llm.prompt": "Template",
    "semtoken_rag.llm.soft": "SoftPrompt",
    "semtoken_rag.llm.merge": "Merger",
    "semtoken_rag.llm.answer": "Answer AnswerStats Stream",
    "semtoken_rag.llm.decode": "Sampler",
    "semtoken_rag.llm.kv": "SpanCache KVBudget Policy SpanRelevance HeavyHitters ChunkStore ChunkKVCache",
}


@pytest.mark.parametrize("module", NAMES)
def test_what_others_import_is_there(module: str):
    if module.startswith("semtoken_rag.llm") or "train" in module:
        pytest.importorskip("torch")
    found = import_module(module)
    assert [name for name in NAMES[module].split() if not hasattr(found, name)] == []


@pytest.mark.parametrize(
    ("former", "name", "module"),
    [
        ("semtoken_rag.stored", "StoredFingerprinter", "semtoken_rag.fingerprints.stored"),
        ("semtoken_rag.llm.reuse", "ChunkStore", "semtoken_rag.llm.kv"),
    ],
)
def test_a_former_path_names_the_new_one(former: str, name: str, module: str):
    if "llm" in former:
        pytest.importorskip("torch")
    sys.modules.pop(former, None)
    with pytest.warns(DeprecationWarning, match=f"^{former}.* is now semtoken_rag"):
        found = import_module(former)
    assert getattr(found, name) is getattr(import_module(module), name)
