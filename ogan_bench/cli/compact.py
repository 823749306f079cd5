"""``ogan-bench compact``: few files a study instead of several a trial."""

from __future__ import annotations

from typing import Annotated

import typer

from ogan_bench.cli.options import Json, ResultsIfNamed, StoredStudies, results_and_studies
from ogan_bench.cli.output import print_json, print_table, say


def compact(
    studies: StoredStudies = None,
    results: ResultsIfNamed = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Unpack: every file comes back as it was.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show how many files there would be.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Pack the trials of finished studies where they lie, for quotas on the number of files.

    Reports, `status`, `claims` and `load_results` read a compacted study as before, without its
    pictures. To train or measure further trials of it, or to load its nets, unpack it first. A
    study with a trial that is running or not finished is passed over by name: exit code 75. Every
    file is read back before the first is removed; a kill loses nothing.

    \b
    Examples:
      ogan-bench compact mse_vs_pearson --dry-run
      ogan-bench compact mse_vs_pearson --results /shared/results --undo
    """
    from ogan_bench.runner.stop_request import EXIT_AGAIN
    from ogan_bench.store.compaction import compact as pack
    from ogan_bench.store.compaction import unpack
    from ogan_bench.store.trial_store import TrialStore

    root, names = results_and_studies(results, studies)
    store = TrialStore(root)
    done = [(unpack if undo else pack)(store, name, dry_run=dry_run) for name in names]
    if as_json:
        print_json([vars(entry) for entry in done])
    else:
        print_table(
            ("study", "files and folders", "", ""),
            [[entry.study, entry.before, f"-> {entry.after}", entry.note] for entry in done],
        )
    if dry_run:
        say("Nothing was changed.")
    if any(entry.is_left for entry in done):
        raise typer.Exit(EXIT_AGAIN)
