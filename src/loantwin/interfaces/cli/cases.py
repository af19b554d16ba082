"""What commands that learn from cases with a known end ask for alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Cases = Annotated[Path, typer.Argument(metavar="DATA", help="Cases with their end: text, Excel or Parquet.")]
Target = Annotated[str, typer.Option(metavar="COLUMN", help="The column that says how a case ended.")]
Good = Annotated[str, typer.Option(metavar="VALUE", help="Its value that is good; every other value is bad.")]
Groups = Annotated[
    str,
    typer.Option(
        metavar="COLUMN[,COLUMN]", help="The column of the groups; or columns of marks 0 and 1, a group each."
    ),
]
