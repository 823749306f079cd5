"""``ogan-bench archive``: results to publish, and the check of such a folder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated

import typer

from ogan_bench.cli.options import RESULTS, Json, Results, StoredStudies, named_studies
from ogan_bench.cli.output import bytes_text, print_json, print_table, print_text, say

EXIT_DAMAGED = 5
"""Something in an archive is not as it was written."""


class Weights(StrEnum):
    """Whose nets go along."""

    ALL = "all"
    FIRST = "first"
    NONE = "none"


def archive(
    studies: StoredStudies = None,
    results: Results = RESULTS,
    out: Annotated[
        str | None,
        typer.Option(metavar="PLACE", help="The folder to make, or a .zip file; a path or a URL."),
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(
            "--license",
            metavar="SPDX",
            help="Licence of the archive, such as CC-BY-4.0; NOASSERTION states none.",
        ),
    ] = None,
    authors: Annotated[
        list[str] | None,
        typer.Option("--author", metavar="NAME", help="To be cited; 'Name <ORCID>' too. Repeat."),
    ] = None,
    weights: Annotated[
        Weights, typer.Option(help="Nets of all trials, of each arm's first seed, or none.")
    ] = Weights.ALL,
    published: Annotated[
        str | None,
        typer.Option("--date", metavar="YYYY-MM-DD", help="Date of publication. [default: today]"),
    ] = None,
    verify: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE", help="Check an archive, a folder or a .zip file, instead; path or URL."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a folder to publish: results, report, nets and provenance, with the hash of every file.

    The folder is an RO-Crate and a results folder: load_results, load_encoder and all commands read
    it. --verify checks every file and decides the verdicts again; exit code 5 if something is not
    as it was archived.

    \b
    Examples:
      ogan-bench archive mse_vs_pearson --out published --license CC-BY-4.0
      ogan-bench archive --verify published
      ogan-bench archive mse_vs_pearson --out s3://bucket/published
    """
    from ogan_bench.errors import UserError
    from ogan_bench.remote import delivered, is_taken, is_url

    if verify is not None:
        if studies or out is not None or licence is not None:
            raise UserError("--verify checks an archive; --out makes one: give one of them")
        raise typer.Exit(_verify(verify, as_json))
    if out is None:
        raise UserError("say where to with --out FOLDER, or what to check with --verify FOLDER")
    from ogan_bench.archive.author import parse_author
    from ogan_bench.archive.crate import Deposit
    from ogan_bench.archive.licence import parse_licence
    from ogan_bench.archive.manifest import MANIFEST
    from ogan_bench.archive.write import already_there, write_archive

    deposit = Deposit(
        parse_licence(licence), [parse_author(text) for text in authors or ()], _date(published)
    )
    names = named_studies(results, studies)
    if is_url(out) and is_taken(out):
        raise already_there(out)
    with delivered(out, last=MANIFEST) as place:
        found = write_archive(results, names, place, deposit, weights.value)
    if as_json:
        sizes = {kind: {"files": n, "bytes": of} for kind, (n, of) in found.sizes.items()}
        print_json({**vars(found), "path": out, "sizes": sizes})
        return
    print_table(
        ("", "files", "size"),
        [(kind, n, bytes_text(of)) for kind, (n, of) in found.sizes.items() if n]
        + [("total", *_total(found.sizes))],
    )
    if found.with_nets < found.trials:
        say(
            f"{found.with_nets} of {found.trials} trials have stored nets; `ogan-bench evaluate` "
            "stores those of trials that earlier versions trained, from their checkpoints."
        )
    say(f"Archive: {out}")


def _verify(place: str, as_json: bool) -> int:
    from ogan_bench.archive.verify import verify_archive
    from ogan_bench.archive.zipped import unzipped
    from ogan_bench.remote import fetched

    with unzipped(fetched(place)) as folder:
        found = verify_archive(folder)
    if as_json:
        print_json({"path": place, **vars(found)})
    else:
        for fault in found.faults:
            print_text(fault)
    if found.faults:
        say(f"{len(found.faults)} faults in {place}")
        return EXIT_DAMAGED
    again = sum(found.verdicts.values())
    verdicts = "1 verdict is" if again == 1 else f"{again} verdicts are"
    say(f"All {found.files} files are as they were archived; {verdicts} decided alike.")
    return 0


def _date(text: str | None) -> str:
    from ogan_bench.errors import UserError

    if text is None:
        return datetime.now(UTC).date().isoformat()
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise UserError(f"--date: {text!r} is not a date such as 2026-01-31") from None


def _total(sizes: Mapping[str, tuple[int, int]]) -> tuple[int, str]:
    return sum(n for n, _ in sizes.values()), bytes_text(sum(of for _, of in sizes.values()))
