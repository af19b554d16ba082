"""`python -m tests.suites NAME FILE`: run one suite over a file and print its verdict as JSON.

Exit code 0 where the file could be read as the suite's form, 2 where NAME or FILE cannot be used.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
APART = {"__init__", "__main__", "verdict"}


def names() -> list[str]:
    """Return the suites that there are: the modules of this folder that have a `run`."""
    return sorted(
        path.stem
        for path in Path(__file__).parent.glob("*.py")
        if path.stem not in APART and "\ndef run(" in path.read_text(encoding="utf-8")
    )


def main(words: list[str]) -> int:
    """Run a suite: NAME and FILE are the words of the command line."""
    known = names()
    if len(words) != 2:
        print("expected NAME FILE, NAME one of " + ", ".join(known), file=sys.stderr)
        return 2
    name, file = words[0], Path(words[1])
    if name not in known:
        print(f"expected a suite, one of {', '.join(known)}, was {name!r}", file=sys.stderr)
        return 2
    if not file.is_file():
        print(f"expected a file, was {file}", file=sys.stderr)
        return 2
    if str(ROOT / "src") not in sys.path:
        sys.path.insert(0, str(ROOT / "src"))  # a checkout that is not installed can be judged too
    verdict = import_module(f"tests.suites.{name}").run(file)
    print(json.dumps(verdict.to_dict(), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
