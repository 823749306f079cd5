"""``ogan-bench watch``: the report of a study while it runs, in a browser on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ogan_bench.cli import completion
from ogan_bench.cli.options import RESULTS, Results, stored_studies
from ogan_bench.cli.output import say

if TYPE_CHECKING:
    from ogan_bench.report.live.server import Server


def watch(
    study: Annotated[
        str | None,
        typer.Argument(
            metavar="[STUDY]",
            autocompletion=completion.stored_studies,
            help="A stored study; all if none is named.",
        ),
    ] = None,
    results: Results = RESULTS,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="0: any free one. [default: 8317, or a free one]"),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
) -> None:
    """Show the reports of stored studies in a browser, kept up to date, until Ctrl-C.

    \b
    Example:
      ogan-bench watch mse_vs_pearson --open
    """
    from ogan_bench.store.trial_store import TrialStore

    stored_studies(results)
    name = None if study is None else Path(study).stem  # a study may be named by its file
    if name is not None:
        TrialStore(results).read_study(name)
    try:
        with shown(results, name, port) as server:
            if open_:
                typer.launch(server.address_of(name))
            threading.Event().wait()
    except KeyboardInterrupt:
        return


@contextmanager
def shown(results: Path, study: str | None, port: int | None = None) -> Iterator[Server]:
    """Serve the page while the block runs, and print its address.

    Raises:
        UserError: The requested port cannot be used.
    """
    from ogan_bench.report.live.server import serving
    from ogan_bench.store.trial_store import TrialStore

    with serving(TrialStore(results), port) as server:
        say(f"Live: {server.address_of(study)} (only from this machine)")
        yield server
