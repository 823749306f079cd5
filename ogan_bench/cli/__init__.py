"""Command line: parsing and printing, no logic; heavy imports only inside the commands.

Data goes to standard output, progress and messages to standard error.
"""

from __future__ import annotations

import sys

import typer

from ogan_bench import __version__
from ogan_bench.cli import (
    archive,
    bench,
    catalogue,
    claims,
    compact,
    data,
    doctor,
    encoder,
    evaluate,
    first_look,
    init,
    interrupt,
    merge,
    mirror,
    plan,
    power,
    register,
    report,
    run,
    status,
    tune,
    verify,
    watch,
    work,
)
from ogan_bench.cli.command import Commands
from ogan_bench.cli.encoding import substitute_unprintable
from ogan_bench.cli.streams import guarded
from ogan_bench.errors import UserError

EXIT_INVALID = 2

app = Commands(
    name="ogan-bench",
    help=__doc__,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Examples:\n\nogan-bench try\n\nogan-bench run mse_vs_pearson\n\nogan-bench report\n\n"
    "Exit codes: 0 done, 2 invalid study or flags, 3 some trials failed to run, "
    "4 nothing could be measured, 5 stored files are damaged (doctor, archive), 74 the "
    "output could not be written, 75 stopped or left to others (go on with the same command), "
    "130 interrupted.",
)


def _version(value: bool) -> None:
    if value:
        sys.stdout.write(f"ogan-bench {__version__}\n")
        raise typer.Exit


@app.callback(help="Evaluate and ablate O-GAN and every GAN that carries an encoder.")
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    del version


app.command("try")(first_look.try_it)
app.command("init")(init.init)
app.command("run")(run.run)
app.command("work")(work.work)
app.command("tune")(tune.tune)
app.command("evaluate")(evaluate.evaluate)
app.command("verify")(verify.verify)
app.command("export")(encoder.export)
app.command("encode")(encoder.encode)
app.command("reconstruct")(encoder.reconstruct)
app.command("interpolate")(encoder.interpolate)
app.command("sample")(encoder.sample)
app.command("plan")(plan.plan)
app.command("bench")(bench.bench)
app.command("power")(power.power)
app.command("register")(register.register)
app.command("status")(status.status)
app.command("interrupt")(interrupt.interrupt)
app.command("report")(report.report)
app.command("claims")(claims.claims)
app.command("watch")(watch.watch)
app.command("mirror")(mirror.mirror)
app.command("list")(catalogue.list_)
app.command("describe")(catalogue.describe)
app.command("schema")(catalogue.schema)
app.command("doctor")(doctor.doctor)
app.command("merge")(merge.merge)
app.command("compact")(compact.compact)
app.command("archive")(archive.archive)
app.add_typer(data.app, name="data")


def main() -> None:
    """Entry point; turns user errors into a message and exit code 2."""
    substitute_unprintable()
    with guarded():
        try:
            app()
        except UserError as error:
            sys.stderr.write(f"{error}\n")
            sys.exit(EXIT_INVALID)
