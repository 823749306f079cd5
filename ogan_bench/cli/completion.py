"""Shell completion of the names that arguments take.

Where no name begins with what was typed, the shell completes files. A study file or a results
folder that cannot be read has no names; the command itself says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias, get_args

import typer

Names: TypeAlias = list[str]
Completion: TypeAlias = Callable[[typer.Context, str], Names]
"""From what was given already, and the beginning of a word, to the words that it may become."""


def studies(ctx: typer.Context, incomplete: str) -> Names:
    """Shipped studies, and study files in this folder."""
    from ogan_bench.study.shipped import shipped_studies

    del ctx
    files = [path.name for path in sorted(Path().glob("*.yaml"))]
    return _beginning(incomplete, [*shipped_studies(), *files])


def stored_studies(ctx: typer.Context, incomplete: str) -> Names:
    """Studies in the results folder that are not named yet."""
    from ogan_bench.store.trial_store import TrialStore

    return _beginning(incomplete, TrialStore(_results(ctx)).studies(), ctx.params.get("studies"))


def studies_of_any_kind(ctx: typer.Context, incomplete: str) -> Names:
    """Studies in the results folder, shipped ones, and study files."""
    return list(dict.fromkeys([*stored_studies(ctx, incomplete), *studies(ctx, incomplete)]))


def scales(ctx: typer.Context, incomplete: str) -> Names:
    """Scales of the study file that is named."""
    return _beginning(incomplete, _of_file(ctx, "scales"))


def arms(ctx: typer.Context, incomplete: str) -> Names:
    """Arms of the study file that is named, in a list such as ``none,pearson``."""
    return _last(incomplete, _of_file(ctx, "arms"))


def stored_arms(ctx: typer.Context, incomplete: str) -> Names:
    """Arms of the stored study that is named, or of all."""
    return _last(incomplete, _of_stored(ctx, "arms"))


def stored_metrics(ctx: typer.Context, incomplete: str) -> Names:
    """Metrics of the stored study that is named, or of all, then all others."""
    return _last(incomplete, [*_of_stored(ctx, "metrics"), *_metrics()])


def kinds(ctx: typer.Context, incomplete: str) -> Names:
    """What can be described."""
    from ogan_bench.cli.catalogue import Listed

    del ctx
    return _beginning(incomplete, [kind.singular for kind in Listed])


def described(ctx: typer.Context, incomplete: str) -> Names:
    """Parts, metrics or studies of the kind that is named."""
    from ogan_bench.cli.catalogue import kind_called, names

    kind = kind_called(ctx.params.get("what") or "")
    return _beginning(incomplete, names(kind)) if kind else []


def datasets(ctx: typer.Context, incomplete: str) -> Names:
    """Datasets."""
    from ogan_bench.study import catalogue

    del ctx
    return _beginning(incomplete, catalogue.names("datasets"))


def encoders(ctx: typer.Context, incomplete: str) -> Names:
    """Encoders that come with the package; folders are the shell's."""
    from ogan_bench.encoder.shipped import shipped_encoders

    del ctx
    return _beginning(incomplete, shipped_encoders())


def groups(ctx: typer.Context, incomplete: str) -> Names:
    """Groups of metrics, in a list."""
    from ogan_bench.metrics.definition import Group

    del ctx
    return _last(incomplete, get_args(Group))


def spaces(ctx: typer.Context, incomplete: str) -> Names:
    """Feature spaces, in a list."""
    from ogan_bench.metrics.feature_spaces import SPACES

    del ctx
    return _last(incomplete, SPACES)


def one_of(*names: str) -> Completion:
    """Completion of a few fixed names."""

    def complete(ctx: typer.Context, incomplete: str) -> Names:
        del ctx
        return _beginning(incomplete, names)

    return complete


def _beginning(incomplete: str, names: Iterable[str], given: Iterable[str] | None = None) -> Names:
    return [name for name in names if name.startswith(incomplete) and name not in (given or ())]


def _last(incomplete: str, names: Iterable[str]) -> Names:
    """Completions of the last of names with commas between them, none of them twice."""
    before, comma, last = incomplete.rpartition(",")
    unique = dict.fromkeys(names)
    return [f"{before}{comma}{name}" for name in _beginning(last, unique, before.split(","))]


def _metrics() -> Iterable[str]:
    from ogan_bench.metrics import METRICS

    return METRICS


def _results(ctx: typer.Context) -> Path:
    first = next(iter(ctx.params.get("studies") or ()), "")
    in_place = first if first and Path(first).is_dir() else None  # as `work` and `compact` take it
    return Path(ctx.params.get("results") or in_place or "results")


def _of_file(ctx: typer.Context, key: str) -> Names:
    """Names under a key of the study file that was given, before or after the option."""
    from ogan_bench.errors import UserError
    from ogan_bench.study.shipped import find_study
    from ogan_bench.study.yaml_errors import read_yaml

    given = ctx.params.get("study") or next(iter(ctx.args), None)
    if given is None:
        return []
    with suppress(UserError, AttributeError):  # no mapping, where one should be
        return list(read_yaml(find_study(Path(given))).get(key) or {})
    return []


def _of_stored(ctx: typer.Context, key: str) -> Names:
    from ogan_bench.errors import UserError
    from ogan_bench.store.trial_store import TrialStore

    store = TrialStore(_results(ctx))
    found: list[Any] = []
    for name in ctx.params.get("studies") or ctx.args or store.studies():
        with suppress(UserError):
            found += store.read_study(Path(name).stem)[key]
    return found
