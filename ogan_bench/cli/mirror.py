"""``ogan-bench mirror``: stored studies in TensorBoard, MLflow or Weights & Biases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ogan_bench.cli import completion
from ogan_bench.cli.options import RESULTS, Results, StoredStudies, named_studies
from ogan_bench.cli.output import say

TOOLS = completion.one_of("tensorboard", "mlflow", "wandb")


def mirror(
    to: Annotated[
        list[str],
        typer.Option(
            "--to",
            metavar="NAME",
            autocompletion=TOOLS,
            help="tensorboard, mlflow or wandb; may be repeated.",
        ),
    ],
    studies: StoredStudies = None,
    results: Results = RESULTS,
) -> None:
    """Copy stored trials to experiment trackers; only what they lack is written.

    \b
    Example:
      ogan-bench mirror mse_vs_pearson --to tensorboard
    """
    from ogan_bench.mirrors import open_mirrors
    from ogan_bench.mirrors.background import bring_up_to_date
    from ogan_bench.store.trial_store import TrialStore

    store = TrialStore(results)
    names = named_studies(results, studies)
    for name in names:
        store.read_study(name)
    for target in open_mirrors(to, results):
        for name in names:
            written = bring_up_to_date(results, name, target)
            say(f"{target.name}: {name}: {written} trials had something new")


@contextmanager
def accompanied(results: Path, study: str, live: bool, mirrors: Sequence[str]) -> Iterator[None]:
    """Show and mirror a study while the block runs it.

    Raises:
        UserError: A mirror is unknown, or its package is not installed.
    """
    with ExitStack() as stack:
        if mirrors:
            from ogan_bench.mirrors import open_mirrors
            from ogan_bench.mirrors.background import following

            opened = open_mirrors(mirrors, results)
            stack.enter_context(following(results, study, opened, say))
        server = None
        if live:
            from ogan_bench.cli.watch import shown

            server = stack.enter_context(shown(results, study))
        yield
    if server is not None:
        server.wait()  # avoids building two reports at the same time
