import subprocess
import sys

import pytest

HELP = """
import sys
from loantwin.interfaces.cli.main import run
sys.argv = {}
try:
    run()
except SystemExit:
    pass
"""
HEAVY = ("polars", "numba", "scipy", "sklearn", "matplotlib", "gymnasium", "pandas")


@pytest.mark.parametrize(
    "code",
    [
        "import loantwin",
        HELP.format(["loantwin", "--help"]),
        HELP.format(["loantwin", "forecast", "--help"]),
        HELP.format(["loantwin", "--version"]),
    ],
)
def test_nothing_heavy_is_loaded(code):
    report = f"\nimport sys\nprint('LOADED', [name for name in {HEAVY} if name in sys.modules])"
    made = subprocess.run([sys.executable, "-c", code + report], capture_output=True, text=True, check=True)
    assert made.stdout.rstrip().endswith("LOADED []"), made.stdout[-300:]


def test_every_exported_name_exists():
    import loantwin

    for name in loantwin.__all__:
        assert getattr(loantwin, name) is not None
    assert sorted(loantwin.__all__) == sorted(name for name in dir(loantwin) if not name.startswith("_"))
