#!/usr/bin/env bash
# The steps of the Dockerfile without Docker: build the wheel, install it with the extra `serve` in a fresh environment,
# serve as another user with a home that cannot be written, and call it. Needs root, to be another user, and an index of
# packages. PYTHON chooses the interpreter, which that user must be able to run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
unset PYTHONPATH

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2> /dev/null || true; rm -rf "$work"' EXIT
chmod 755 "$work"

"${PYTHON:-python3}" -m venv "$work/build"
"$work/build/bin/pip" install --quiet build
"$work/build/bin/python" -m build --wheel --outdir "$work/dist" . > "$work/build.log"
"${PYTHON:-python3}" -m venv "$work/semtoken"
"$work/semtoken/bin/pip" install --quiet -c constraints.txt "$(echo "$work"/dist/*.whl)[serve]"

# User 10001 owns nothing here, as with a root that is read-only.
cd /
entry=("$work/semtoken/bin/python" "$work/semtoken/bin/semtoken" serve --host 127.0.0.1 --port 0)
setpriv --reuid 10001 --regid 10001 --clear-groups \
    env -i PATH="$work/semtoken/bin:/usr/bin:/bin" HOME=/nonexistent HF_HUB_OFFLINE=1 PYTHONDONTWRITEBYTECODE=1 \
    "${entry[@]}" > "$work/out" 2> "$work/log" &
server=$!
for _ in $(seq 120); do
    grep -q '^http' "$work/out" && break
    kill -0 "$server" || { cat "$work/log" && exit 1; }
    sleep 1
done
url=$(cut -d' ' -f1 "$work/out")
"$work/semtoken/bin/python" - "$url" <<'PY'
import json
import sys
from urllib.request import Request, urlopen

url = sys.argv[1]
body = {
    "query": "When did the tower open?",
    "max_tokens": 8,
    "chunks": [{"text": "The tower opened in 1889. It rained that day."}],
}
asked = Request(f"{url}/v1/compress", json.dumps(body).encode(), {"Content-Type": "application/json"})
health, got = json.load(urlopen(f"{url}/health")), json.load(urlopen(asked))
assert health["encoder"].startswith("semtoken-minilm:"), health
assert got["text"] == "The tower opened in 1889.", got
print("container steps:", health["encoder"].partition(":")[0], got["text"])
PY
ps -o uid= -p "$server" | grep -qw 10001
kill -TERM "$server"
wait "$server" || [ $? -eq 143 ]
server=
