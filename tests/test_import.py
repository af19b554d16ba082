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


EVERYTHING = """
import importlib, inspect, pkgutil, sys, types
import loantwin
from loantwin import risk

for found in pkgutil.walk_packages(loantwin.__path__, "loantwin."):
    importlib.import_module(found.name)
inside = [module for name, module in sys.modules.items() if name.split(".")[0] == "loantwin"]
assert len(inside) > 300, len(inside)
for package in (loantwin, risk):
    for time in ("first", "second"):
        for name in package.__all__:
            thing = getattr(package, name)
            assert inspect.isfunction(thing) or inspect.isclass(thing), (package.__name__, name, time, thing)
for module in inside:
    assert type(module) is types.ModuleType and not callable(module), module
print("ALL", len(inside))
"""


def test_an_exported_name_is_a_function_or_class_whatever_was_imported_before():
    # a file that bears a verb's name becomes an attribute of its package when it is imported, and would
    # stand in the place of the function from then on
    pytest.importorskip("gymnasium", reason="extra env: not every module can be imported without it")
    pytest.importorskip("sklearn", reason="extra scoring: not every module can be imported without it")
    made = subprocess.run([sys.executable, "-c", EVERYTHING], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr[-1000:]
    assert made.stdout.startswith("ALL"), made.stdout
