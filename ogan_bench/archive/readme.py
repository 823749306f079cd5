"""The README of an archive, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ogan_bench.analysis.analyse import Analysis
from ogan_bench.archive.contents import NAMED, NETS, PACKED, kind_of
from ogan_bench.archive.crate import METADATA, Deposit
from ogan_bench.archive.licence import NOT_STATED, address
from ogan_bench.archive.training_data import all_data
from ogan_bench.report.rendering import templates
from ogan_bench.store.provenance import code_and_machine

README = "README.md"

SHOWN = (
    "report.html", "report.md", "table.csv", "references.bib", "study.json", "registered.json",
    "protocol.md", *PACKED,
)  # fmt: skip
"""Files of a study that the README lists."""


def readme(
    analyses: Mapping[str, Analysis],
    deposit: Deposit,
    names: Sequence[str],
    with_nets: int,
    data_licences: Mapping[str, str],
) -> str:
    """What the archive is, the answers of its studies, and how to check and read it.

    Args:
        analyses: Study to its analysis.
        deposit: What those who publish it say.
        names: Paths of all files that are there.
        with_nets: Number of trials that have stored nets, here or not.
        data_licences: Hash of data to their licence, where it is known.
    """
    held = [name.rpartition("/")[0] for name in names if name.endswith(NETS[0])]
    listed = {name.partition("/")[2] for name in names if name.count("/") == 1}
    return (
        templates()
        .get_template("archive.md.j2")
        .render(
            analyses=analyses,
            deposit=deposit,
            licence=None if deposit.licence == NOT_STATED else address(deposit.licence),
            tool=code_and_machine(),
            files=[(name, NAMED[name]) for name in SHOWN if name in listed],
            study_files=sorted(name for name in names if name.endswith(".yaml")),
            encoders=held,
            trials=with_nets,
            classifiers=any(kind_of(name) == "classifiers" for name in names),
            data=all_data(analyses.values()),
            data_licences=data_licences,
            plugins=sorted(
                {
                    name
                    for found in analyses.values()
                    for name in found.results.record.get("plugins", [])
                }
            ),
            metadata=METADATA,
        )
    )
