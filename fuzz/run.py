"""Fuzz one target, or all in turn: ``python -m fuzz.run --seconds 60 [--target compress]``.

What it finds lies in ``--corpus`` from run to run, an input that breaks a promise in ``--crashes``; run one
again with ``--again FILE``. Ends with 1 where a promise was broken.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

NAMES = ("compress", "command", "rows", "stored")  # of `fuzz.targets`, imported only where they run
WORK = Path(".fuzz")


def here(target: str, arguments: list[str]) -> None:
    """Fuzz in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(include=["semtoken_rag"]):  # what is imported on the way as well
        from fuzz.targets import TARGETS

        atheris.Setup([sys.argv[0], *arguments], TARGETS[target])
        atheris.Fuzz()


def there(target: str, seconds: int, corpus: Path, crashes: Path) -> bool:
    """Fuzz in a process of its own; print what it did and tell whether nothing was broken."""
    from fuzz.targets import seeds

    own, found = corpus / target, crashes / target
    for folder in (own, found):
        folder.mkdir(parents=True, exist_ok=True)
    for i, data in enumerate(seeds()[target]):
        (own / f"seed-{i}").write_bytes(data)
    limits = [f"-max_total_time={seconds}", "-max_len=4096", "-timeout=60", "-rss_limit_mb=8192"]
    command = [sys.executable, "-m", "fuzz.run", "--target", target, "--here"]
    command += [*limits, f"-artifact_prefix={found}/", "-print_final_stats=1", str(own)]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    runs = re.findall(r"stat::number_of_executed_units: *(\d+)", done.stderr)
    kept = re.findall(r"cov: (\d+) ft: \d+ corp: (\d+)", done.stderr)
    covered = "coverage {}, corpus {}".format(*kept[-1]) if kept else "nothing covered"
    print(f"{target}: {runs[-1] if runs else 0} executions in {seconds} s, {covered}, rc {done.returncode}")
    if done.returncode:
        print(done.stderr[-4000:])
    return done.returncode == 0


def main() -> None:
    """Read the arguments and fuzz."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--target", choices=NAMES, help="all in turn where none is given")
    parser.add_argument("--seconds", type=int, default=60, help="of all targets together")
    parser.add_argument("--corpus", type=Path, default=WORK / "corpus")
    parser.add_argument("--crashes", type=Path, default=WORK / "crashes")
    parser.add_argument("--again", type=Path, help="run the target on this file alone, without a fuzzer")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    args, rest = parser.parse_known_args()
    if args.here:
        here(args.target, rest)
    elif args.again:
        from fuzz.targets import TARGETS

        TARGETS[args.target](args.again.read_bytes())
    else:
        names = [args.target] if args.target else NAMES
        share = max(1, args.seconds // len(names))
        fine = [there(name, share, args.corpus, args.crashes) for name in names]
        sys.exit(0 if all(fine) else 1)


if __name__ == "__main__":
    main()
