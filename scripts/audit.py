"""Ask for known vulnerabilities of the pinned packages: ``python scripts/audit.py [constraints.txt]``.

Ends with 1 where there is one. Where the service cannot be reached or does not know the packages, it says so
and ends with 0: what was not audited must not look as if it were, nor stop the tests.
"""

from __future__ import annotations

import json
import subprocess
import sys

SECONDS = 120


def main() -> int:
    """Audit, print one line and each advisory, and return the exit status."""
    file = sys.argv[1] if len(sys.argv) > 1 else "constraints.txt"
    command = [sys.executable, "-m", "pip_audit", "-r", file, "--no-deps", "--disable-pip"]
    command += ["--progress-spinner", "off", "--format", "json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        packages = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        print(f"{file}: NOT AUDITED, the advisory service cannot be reached")
        return 0
    known = [p for p in packages if "vulns" in p]
    found = [(p["name"], p["version"], v["id"]) for p in known for v in p["vulns"]]
    if not known:
        print(f"{file}: NOT AUDITED, the advisory service knows none of the {len(packages)} packages")
        return 0
    print(f"{file}: {len(known)} of {len(packages)} packages audited, {len(found)} advisories")
    for each in found:
        print(*each)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
