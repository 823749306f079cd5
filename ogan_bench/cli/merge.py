"""``ogan-bench merge``: trials that several machines have run become one study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ogan_bench.cli.options import RESULTS, Json, Results, folder
from ogan_bench.cli.output import print_json, print_table, say


def _folders(paths: list[Path]) -> list[Path]:
    return [path for path in paths if folder(path) is not None]


def merge(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="FROM...", callback=_folders, help="Results folders to add."),
    ],
    results: Results = RESULTS,
    as_json: Json = False,
) -> None:
    """Add the trials of other results folders to one; what does not go together is refused.

    Seeds are united. Two different studies of one name, or two results of one trial, are named, and
    nothing of that folder is added. The folders that are added stay as they are.

    \b
    Example:
      ogan-bench merge from_node_1 from_node_2 --results results
    """
    from ogan_bench.store.merging import ACTIONS
    from ogan_bench.store.merging import merge as add

    merged = add(results, sources)
    if as_json:
        print_json([{"study": entry.study, **entry.trials} for entry in merged])
        return
    print_table(
        ("study", *ACTIONS),
        [[entry.study, *(entry.trials[action] for action in ACTIONS)] for entry in merged],
    )
    say(f"Results: {results}")
