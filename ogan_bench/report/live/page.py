"""The page of a running study: its report, rebuilt when stored files have changed."""

from __future__ import annotations

import re
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ogan_bench.errors import in_one_line
from ogan_bench.files import Fingerprint, fingerprint
from ogan_bench.report.live.progress import Progress, progress
from ogan_bench.report.rendering import templates
from ogan_bench.store.packed import PACKS
from ogan_bench.store.trial_folder import SILENT_SECONDS
from ogan_bench.store.trial_store import TrialStore

OF_STUDY = ("study.json", "registered.json", *PACKS)
OF_TRIAL = ("run.json", "result.json", "samplings.json", "train.jsonl", "history.jsonl")
"""Files that a report is built from."""

SHARE = 0.1
"""Share of one core that building reports may take from concurrent training."""

SHOWN = 20
"""Number of waiting trials shown by name."""

MAIN = re.compile(rb"<main\b[^>]*>")

Make = Callable[[Path, str], bytes]
"""Maps a results folder and a study to its page."""


class Page:
    """The latest report of a study, and what its trials are doing.

    A thread rebuilds the report after a request for the page has found changed files. Requests
    never wait for it, and without requests nothing is rebuilt.

    Args:
        store: The results folder.
        study: Name of the study's folder.
        make: Builds the report.
        share: Share of time spent building: after a report that took t seconds the next one waits
            for t (1 - share) / share.
    """

    def __init__(
        self, store: TrialStore, study: str, make: Make | None = None, share: float = SHARE
    ) -> None:
        self.study = study
        self._store = store
        self._make = make or make_report
        self._share = share
        self._lock = threading.Lock()
        self._maker: threading.Thread | None = None
        self._report: bytes | None = None
        self._problem: str | None = None
        self._of: Fingerprint = ()
        self._rest_until = 0.0

    def html(self) -> tuple[bytes, bool]:
        """The page as it is now, and whether an update is expected soon."""
        self._ask()
        with self._lock:
            report, problem, making = self._report, self._problem, self._maker is not None
        try:
            state = progress(self._store, self.study, time.time())
        except Exception as error:  # as below
            state, problem = Progress(0, 0, (), ()), in_one_line(error)
        environment = templates()
        if report is None:
            template = environment.get_template("live_start.html.j2")
            report = template.render(study=self.study, making=making).encode()
        section = environment.get_template("live.html.j2").render(
            state=state, problem=problem, shown=SHOWN, silent=SILENT_SECONDS
        )
        page = MAIN.sub(lambda start: start[0] + b"\n" + section.encode(), report, count=1)
        return page, making or any((row.silent or 0) < SILENT_SECONDS for row in state.running)

    def close(self) -> None:
        """Wait for a report that is being built."""
        with self._lock:
            maker = self._maker
        if maker is not None:
            maker.join()

    def _ask(self) -> None:
        """Rebuild the report if it is outdated, no thread is building it, and the wait is over."""
        with self._lock:
            if self._maker is not None or time.monotonic() < self._rest_until:
                return
            seen = self._fingerprint()
            if seen == self._of:
                return
            self._maker = threading.Thread(target=self._remake, args=(seen,), daemon=True)
            self._maker.start()

    def _remake(self, seen: Fingerprint) -> None:
        started = time.monotonic()
        report, problem = None, None
        try:
            report = self._make(self._store.root, self.study)
        except Exception as error:  # half-written files will be complete at the next attempt
            problem = in_one_line(error)
        ended = time.monotonic()
        with self._lock:
            self._report = report or self._report
            self._problem = problem
            self._of = seen if problem is None else ()
            self._rest_until = ended + (ended - started) * (1 - self._share) / self._share
            self._maker = None

    def _fingerprint(self) -> Fingerprint:
        folder = self._store.root / self.study
        trials = sorted(path.parent for path in folder.glob("*/seed-*/run.json"))
        return fingerprint(
            [folder / name for name in OF_STUDY]
            + [trial / name for trial in trials for name in (*OF_TRIAL, "error.txt")]
        )


def make_report(root: Path, study: str) -> bytes:
    """The report's page, built in a temporary folder.

    The results folder is not touched: a run may be writing its own report there.
    """
    from ogan_bench.analysis.analyse import analyse_stored
    from ogan_bench.report.report import write_report

    analysis = analyse_stored(root, study)
    with tempfile.TemporaryDirectory(prefix="ogan_bench-") as temporary:
        folder = Path(temporary)
        report = write_report(analysis, formats=("html",), figure_formats=(), folder=folder)
        return report.html.read_bytes()
