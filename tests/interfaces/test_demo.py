"""The demo's folder, and on a small book the demo itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

from loantwin.errors import UsageError
from loantwin.interfaces.demo import MARK, demo, make_room
from loantwin.interfaces.warm import warm

pytestmark = pytest.mark.usefixtures("few_paths")


def test_only_its_own_folder_is_replaced(tmp_path):
    folder = tmp_path / "demo"
    make_room(folder)
    (folder / "twin").mkdir()
    (folder / "report.html").write_text("old")
    make_room(folder)
    assert [path.name for path in folder.iterdir()] == [MARK]
    (folder / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match="holds files"):
        make_room(folder)
    assert (folder / "mine.txt").read_text() == "keep"


def test_kernels_are_compiled_ahead():
    from loantwin.engine import kernels
    from loantwin.engine.chains import kernels as chains
    from loantwin.engine.conditional import kernels as conditional

    warm()
    for kernel in (kernels.cell_runoff, kernels.loan_loss, chains.default_table, conditional.conditional):
        assert kernel.signatures, kernel


COMPILED = """
import sys
from loantwin.engine import loss
from loantwin.interfaces.demo import demo
from loantwin.interfaces.warm import warm
from loantwin.outlook import portfolio
from loantwin.risk import allowance
from loantwin.risk.provisions import ifrs9

def versions():
    return {
        (name, item, str(signature))
        for name, module in list(sys.modules.items())
        if name.startswith("loantwin.") and name.endswith(".kernels")
        for item, function in vars(module).items()
        for signature in getattr(function, "signatures", ())
    }

warm()
ahead = versions()
allowance.FEW = ifrs9.FEW = loss.FEWEST = 1
portfolio.GENERATED_PATHS = 8
demo(sys.argv[1], loans=1_000)
print(*sorted(versions() - ahead), sep="\\n")
"""


@pytest.mark.slow
def test_the_demo_compiles_nothing_that_was_not_compiled_ahead(tmp_path):
    """A small book goes the ways of a large one: kernels sum and stage, floating loans are interpolated."""
    command = [sys.executable, "-c", COMPILED, str(tmp_path / "demo")]
    made = subprocess.run(command, capture_output=True, text=True)
    assert (made.returncode, made.stdout.strip()) == (0, ""), made.stdout + made.stderr


@pytest.mark.slow
def test_the_demo_on_a_small_book(tmp_path):
    told = []
    result = demo(tmp_path / "demo", loans=2000, progress=lambda share, words="": told.append(share))
    assert result.loans > 1000
    assert (tmp_path / "demo" / "report.html").stat().st_size > 100_000
    assert told == sorted(told)
    assert "Accuracy beside what happened" in result.figures
