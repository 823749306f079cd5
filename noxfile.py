"""What CI runs: plain ``nox`` runs lint, types, the smoke study, site and tests.

``.ci/run`` adds what needs root and a machine of its own: ``slurm``, ``shared_folder``, ``latex``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

import nox
from nox.command import CommandFailed

ROOT = Path(__file__).parent
CONSTRAINTS = str(ROOT / "constraints.txt")
COMPILED = {"UV_COMPILE_BYTECODE": "1"}
"""The tests start many interpreters; without bytecode each would compile torch again."""
KEPT = {"PYTHONDONTWRITEBYTECODE": ""}
"""And the package itself, on machines that forbid Python to keep bytecode."""

ELSEWHERE = ("gpu", "network", "browser", "editor", "slurm", "shared_folder")
CHOSEN = " and ".join(f"not {marker}" for marker in ELSEWHERE)
"""The tests that need nothing but Python."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

TEX_LIVE = ("texlive-latex-base", "texlive-latex-recommended", "texlive-binaries")
SERVER = "yaml-language-server@1.25.0"

README = ROOT / "README.md"
FINDINGS = ROOT / "docs" / "findings.md"
CLAIM_PAGES = ROOT / "docs" / "findings"
FRONT_STUDY = "mse_vs_pearson"
FRONT = re.compile(r"(<!-- result:begin .*?-->\n).*?(<!-- result:end -->)", re.DOTALL)
DECISIONS = ("supported", "refuted", "equivalent", "inconclusive", "uninformative")
ANSWERS = re.compile(r"(<!-- answers:begin .*?-->\n).*?(<!-- answers:end -->)", re.DOTALL)
CLAIMS = re.compile(r"(<!-- claims:begin .*?-->\n).*?(<!-- claims:end -->)", re.DOTALL)
STUDIES = re.compile(r"(<!-- studies:begin .*?-->\n).*?(<!-- studies:end -->)", re.DOTALL)

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "types", "smoke", "docs", "tests"]
nox.options.error_on_missing_interpreters = False  # of `pythons`, those there are

PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def pinned(name: str) -> str:
    """``name==version`` from the constraints file."""
    lines = Path(CONSTRAINTS).read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith(f"{name}=="))


@nox.session
def lint(session: nox.Session) -> None:
    """Style and formatting."""
    session.install(pinned("ruff"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Strict type check."""
    session.install("-e", ".[dev]", "-c", CONSTRAINTS)
    session.run("mypy", "--num-workers", "2")


@nox.session
def tests(session: nox.Session) -> None:
    """Those of the page in a browser and of studies in an editor, and all that need only Python.

    What the machine lacks is left out with a message. Arguments go to pytest, which then runs
    neither a browser nor an editor.
    """
    session.install("-e", ".[dev]", "-c", CONSTRAINTS, env=COMPILED)
    if not session.posargs:
        if has_browser(session):
            session.run("pytest", "-m", "browser", "tests/browser", env=KEPT)
        else:
            session.warn(f"left out: the page in a browser, which needs {' or '.join(BROWSERS)}")
        if servers := language_server(session):
            session.run("pytest", "-m", "editor", "tests/editor", env=KEPT | servers)
        else:
            session.warn(f"left out: studies in an editor, which need npm and its {SERVER}")
    session.run("pytest", "-m", CHOSEN, "-n", "2", *session.posargs, env=KEPT)


@nox.session(default=False, python=PYTHONS)
def pythons(session: nox.Session) -> None:
    """The tests on every Python that the machine has; the others are skipped by name."""
    tests(session)


@nox.session(default=False, venv_backend="uv")
def lowest(session: nox.Session) -> None:
    """Tests with the oldest versions that pyproject.toml allows; on Python 3.11 or 3.12.

    For later ones some of those were not built. They warn of what has become old since, so here a
    warning is no error.
    """
    session.install("--resolution", "lowest-direct", "-e", ".[dev]", env=COMPILED)
    tested = session.posargs or [f"tests/{part}" for part in ("unit", "contracts", "reference")]
    session.run("pytest", "-W", "default", "-m", CHOSEN, "-n", "2", *tested, env=KEPT)


@nox.session(default=False)
def newest(session: nox.Session) -> None:
    """Tests with the newest versions that pyproject.toml allows, whatever is pinned.

    A warning is an error: this is where what becomes old is heard of first.
    """
    session.install("--upgrade", "-e", ".[dev]", env=COMPILED)
    session.run("pytest", "-m", CHOSEN, "-n", "2", *session.posargs, env=KEPT)


@nox.session(default=False)
def audit(session: nox.Session) -> None:
    """Known vulnerabilities of the pinned versions, as osv.dev lists them."""
    service = "https://api.osv.dev"
    try:
        urllib.request.urlopen(service, timeout=20).close()
    except urllib.error.HTTPError:  # it has answered
        pass
    except OSError as error:
        session.error(f"{service} cannot be reached ({error}): nothing was audited")
    session.install("pip-audit>=2.9")
    files = ("--requirement", CONSTRAINTS, "--no-deps", "--disable-pip", "--strict")
    session.run("pip-audit", *files, "--vulnerability-service", "osv")


@nox.session(default=False)
def soak(session: nox.Session) -> None:
    """Fuzz tests with many more examples, drawn anew, and every kill: nox -s soak -- 10000."""
    session.install("-e", ".[dev]", "-c", CONSTRAINTS, env=COMPILED)
    wanted = session.posargs[0] if session.posargs else "1000"
    kills = "tests/unit/runner/test_killed_run.py"
    many = {"OGAN_BENCH_FUZZ_EXAMPLES": wanted}
    session.run("pytest", "tests/fuzz", kills, "-n", "2", env=many)


@nox.session
def smoke(session: nox.Session) -> None:
    """The shipped study through the command line, and a trained encoder of the package alone."""
    session.env["PYTHONDONTWRITEBYTECODE"] = ""  # the first command compiles what the others import
    session.install("-e", ".", "-c", CONSTRAINTS)
    out = Path(session.create_tmp()) / "results"
    shutil.rmtree(out, ignore_errors=True)
    study = ("studies/mse_vs_pearson.yaml", "--scale", "smoke")
    session.run("ogan-bench", "run", *study, "--results", str(out))
    session.run("ogan-bench", "run", *study, "--results", str(out))  # finds nothing to do
    session.run("ogan-bench", "status", *study, "--results", str(out))
    session.run("ogan-bench", "report", "--results", str(out))
    wheels = Path(session.create_tmp()) / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    session.install("build", "-c", CONSTRAINTS)
    session.run("python", "-m", "build", "--wheel", "--outdir", str(wheels), silent=True)
    (wheel,) = wheels.glob("*.whl")
    session.install("--force-reinstall", "--no-deps", str(wheel))
    session.chdir(wheels)  # where there is no checkout
    session.run("python", str(ROOT / "tests" / "walks" / "installed_encoder.py"))


@nox.session(default=False)
def browser(session: nox.Session) -> None:
    """The page of a study in headless Chromium; installs Debian's if there is none."""
    if not has_browser(session):
        session.skip(f"needs one of {', '.join(BROWSERS)}")
    session.install("-e", ".[dev]", "-c", CONSTRAINTS, env=COMPILED)
    session.run("pytest", "-m", "browser", "tests/browser", *session.posargs)


def has_browser(session: nox.Session) -> bool:
    """Whether there is a browser, which is installed if that can be done."""
    if not any(map(shutil.which, BROWSERS)):
        install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium"]
        as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        if not shutil.which("apt-get") or (as_root and not shutil.which("sudo")):
            return False
        session.run(*as_root, "apt-get", "update", "-q", external=True)
        session.run(*as_root, *install, external=True)
    return True


@nox.session
def docs(session: nox.Session) -> None:
    """The site of the documentation, into site/html; a warning or a dead link is an error."""
    session.install("-e", ".[docs]", "-c", CONSTRAINTS)
    session.run("python", "-m", "website", "site")


@nox.session(default=False)
def editor(session: nox.Session) -> None:
    """Studies in the language server that editors run; installs it from npm."""
    servers = language_server(session)
    if servers is None:
        session.skip(f"needs npm and its {SERVER}")
    session.install("-e", ".[dev]", "-c", CONSTRAINTS)
    session.run("pytest", "-m", "editor", "tests/editor", *session.posargs, env=servers)


def language_server(session: nox.Session) -> dict[str, str] | None:
    """The environment in which the language server is found, which is installed if it can be."""
    if not shutil.which("npm"):
        return None
    # Not session.create_tmp(), which sets TMPDIR for what comes after it: Ray hangs where that is a
    # folder of the virtual environment.
    folder = (Path(session.virtualenv.location) / "language_server").resolve()
    folder.mkdir(exist_ok=True)
    try:
        session.run("npm", "install", "--silent", "--prefix", str(folder), SERVER, external=True)
    except CommandFailed:
        return None
    programs = [session.bin, str(folder / "node_modules" / ".bin"), os.environ["PATH"]]
    return {"PATH": os.pathsep.join(programs)}


@nox.session(default=False)
def latex(session: nox.Session) -> None:
    """Tables and methods of a report in a real LaTeX; as root on Debian, it installs one."""
    if not (shutil.which("pdflatex") and shutil.which("bibtex")):
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            session.skip("needs pdflatex and bibtex, or root and Debian's TeX Live")
        install = ["apt-get", "install", "-q", "-y", "--no-install-recommends"]
        try:
            session.run("apt-get", "update", "-q", external=True)
            session.run(*install, *TEX_LIVE, external=True)
        except CommandFailed:
            session.skip("Debian's TeX Live cannot be installed here")
    session.install("-e", ".[dev]", "-c", CONSTRAINTS)
    tested = [f"tests/unit/report/test_latex{part}.py" for part in ("", "_methods")]
    session.run("pytest", *tested, "-k", "pdflatex", *session.posargs)


@nox.session(default=False)
def slurm(session: nox.Session) -> None:
    """A study on a Slurm of one node, this machine, if it starts here; as root, on Debian."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        session.skip("needs root and Debian's slurm-wlm")
    if subprocess.run(["pgrep", "-x", "slurmctld|slurmd"], check=False).returncode == 0:
        session.skip("a Slurm runs here already, which must not be disturbed")
    folder = Path(session.create_tmp()).resolve() / "slurm"
    conf = {"SLURM_CONF": str(folder / "slurm.conf")}
    try:
        if not shutil.which("slurmctld"):
            install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", "slurm-wlm"]
            session.run("apt-get", "update", "-q", external=True)
            session.run(*install, external=True)
        session.run("sh", "tests/slurm/one_node.sh", str(folder), env=conf, external=True)
        session.run("timeout", "60", "srun", "true", env=conf, external=True)
    except CommandFailed:
        session.run("pkill", "-x", "slurmctld|slurmd", external=True, success_codes=[0, 1])
        session.skip("Slurm does not start here")
    session.install("-e", ".[dev]", "-c", CONSTRAINTS, env=COMPILED)
    try:
        session.run("pytest", "-m", "slurm", "tests/slurm", *session.posargs, env=conf)
    finally:
        session.run("pkill", "-x", "slurmctld|slurmd", external=True, success_codes=[0, 1])


@nox.session(default=False)
def shared_folder(session: nox.Session) -> None:
    """Two runs on a folder mounted twice over the network, if it can be; as root, on Debian."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        session.skip("needs root and Debian's sshfs")
    mounts = ["sh", "tests/shared_folder/two_mounts.sh", str(Path(session.create_tmp()) / "mounts")]
    try:
        if not (shutil.which("sshfs") and Path("/usr/sbin/sshd").exists()):
            install = ["apt-get", "install", "-q", "-y", "--no-install-recommends"]
            session.run("apt-get", "update", "-q", external=True)
            session.run(*install, "sshfs", "openssh-server", external=True)
        shutil.rmtree(mounts[-1], ignore_errors=True)
        session.run(*mounts, external=True)
        session.run(*mounts, "end", external=True)
        session.run("unshare", "--pid", "--fork", "--mount-proc", "true", external=True)
    except CommandFailed:
        session.skip("a folder cannot be mounted over the network here")
    session.install("-e", ".[dev]", "-c", CONSTRAINTS, env=COMPILED)
    session.run("pytest", "-m", "shared_folder", "tests/shared_folder", *session.posargs)


@nox.session(default=False, python=False)
def publish(session: nox.Session) -> None:
    """Pack a study's results into where they are committed: nox -s publish -- NAME."""
    reference = ROOT / "results" / "reference"
    for name in session.posargs:
        shutil.rmtree(reference / name, ignore_errors=True)
        here = (str(ROOT / "results" / name), str(reference / name))
        session.run("python", "-m", "ogan_bench.store.pack", *here, external=True)
        copy_pictures(ROOT / "results" / name, reference / name)
    gallery = ("python", "-m", "website.gallery", str(reference), "--from", str(ROOT / "results"))
    session.run(*gallery, *session.posargs, external=True, silent=True)
    present(session, reference, session.posargs)


@nox.session(default=False, python=False)
def republish(session: nox.Session) -> None:
    """Rebuild the reports of all published studies, and the tables made from them."""
    reference = ROOT / "results" / "reference"
    present(session, reference, sorted(path.parent.name for path in reference.glob("*/study.json")))


def present(session: nox.Session, reference: Path, names: Sequence[str]) -> None:
    """Report on published studies and fill in the tables of the documentation."""

    def tool(*arguments: str) -> Any:
        shown = session.run("ogan-bench", *arguments, "--json", external=True, silent=True)
        return json.loads(str(shown))

    gallery = ("python", "-m", "website.gallery", str(reference))
    shown = session.run(*gallery, *names, external=True, silent=True)
    session.run("ogan-bench", "report", *names, "--results", str(reference), external=True)
    fill(FINDINGS, FRONT, front(reference / FRONT_STUDY))
    shutil.rmtree(CLAIM_PAGES, ignore_errors=True)
    stated = tool("claims", "--results", str(reference), "--out", str(CLAIM_PAGES))
    fill(README, CLAIMS, claims(stated))
    fill(FINDINGS, ANSWERS, answers(stated))
    fill(FINDINGS, STUDIES, overview(tool("list", "studies"), reference))
    for name in names:
        keep_small(reference / name, set(map(Path, str(shown).splitlines())))


def copy_pictures(study: Path, target: Path) -> None:
    """Copy the image grids of the first two arms that a hypothesis compares, and those of pages.

    A report shows the pictures that are there, so this chooses those of ``report.md``;
    ``website.gallery`` adds those that it shows.
    """
    hypotheses = json.loads((study / "study.json").read_text("utf-8"))["hypotheses"]
    compared = [stated for stated in hypotheses if "control" in stated]
    arms = {
        name
        for first in (compared or hypotheses)[:1]  # the candidates of a tuning have none
        for name in (first["arm"], first.get("control"), *(first.get("arms") or ()))
    }
    for picture in study.glob("*/seed-*/*.png"):
        place = picture.relative_to(study)
        if place.parts[0] in arms or on_a_page(target / place):
            (target / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(picture, target / place)


def keep_small(folder: Path, gallery: Set[Path]) -> None:
    """Delete what `ogan-bench report` can rebuild, and pictures that nothing shows."""
    (folder / "report.html").unlink()
    (folder.parent / "index.html").unlink(missing_ok=True)
    text = (folder / "report.md").read_text("utf-8")
    for picture in [*folder.glob("*/seed-*/*.png"), *folder.glob("figures/*")]:
        shown = f"]({picture.relative_to(folder).as_posix()})" in text
        if not shown and not on_a_page(picture) and picture not in gallery:
            picture.unlink()


def on_a_page(picture: Path) -> bool:
    """Whether the README or the documentation shows a published picture."""
    pages = [README, *(ROOT / "docs").glob("*.md")]
    link = f"{picture.relative_to(ROOT).as_posix()})"
    return any(link in page.read_text("utf-8") for page in pages)


def front(folder: Path) -> str:
    """Verdicts of a published report."""
    report = (folder / "report.md").read_text(encoding="utf-8")
    return report.partition("## Verdicts\n")[2].partition("\n![")[0].strip() + "\n"


def claims(stated: list[dict[str, Any]]) -> str:
    """One row per wider claim: its verdicts by dataset, and how many of the decided are robust.

    As in the claim's answer, studies that deviate from their registration are not counted.
    """
    lines = ["| claim | verdicts | robust, of those decided |", "|---|---|---|"]
    for claim in stated:
        by_dataset: dict[str, list[str]] = {}
        counted = [setting for setting in claim["settings"] if counts(setting["standing"])]
        for setting in counted:
            by_dataset.setdefault(setting["dataset"], []).append(setting["decision"])
        verdicts = [
            f"{dataset}: "
            + ", ".join(f"{found.count(word)} {word}" for word in DECISIONS if word in found)
            for dataset, found in by_dataset.items()
        ]
        if aside := len(claim["settings"]) - len(counted):
            verdicts.append(f"{aside} preliminary or deviated, not counted")
        rests = [setting["rests_on"] for setting in counted if setting["rests_on"]]
        robust = f"{rests.count('robust')} of {len(rests)}" if rests else "–"
        named = f"[{claim['claim']}](docs/findings/{claim['page']})"
        lines.append(f"| {named} | {'<br>'.join(verdicts)} | {robust} |")
    return "\n".join(lines) + "\n"


def counts(standing: dict[str, Any]) -> bool:
    """Whether a study's verdicts count: it is complete and as it was registered, if it was."""
    return standing["complete"] and not standing["deviations"]


def answers(stated: list[dict[str, Any]]) -> str:
    """Each claim with its answer and a link to its page."""
    return (
        "\n".join(
            f"* [{claim['claim']}](findings/{claim['page']})<br>{claim['answer']}"
            for claim in stated
        )
        + "\n"
    )


def overview(studies: list[dict[str, str]], reference: Path) -> str:
    """One row per shipped study: its question, and the number of claims with each verdict."""
    lines = ["| study | question | verdicts |", "|---|---|---|"]
    for study in studies:
        name = study["name"]
        reports = {"": reference / name / "report.md"}
        for folder in sorted(reference.glob(f"{name}-*")):  # at another scale
            reports[folder.name.removeprefix(f"{name}-") + ": "] = folder / "report.md"
        shown = [scale + counted(path) for scale, path in reports.items() if path.exists()]
        claims = "<br>".join(shown) or "no published results yet"
        lines.append(f"| [{name}](../studies/{name}.yaml) | {study['summary']} | {claims} |")
    return "\n".join(lines) + "\n"


def counted(report: Path) -> str:
    """The number of verdicts of each kind in a published report, with a link to it."""
    stated = report.read_text("utf-8").partition("## Verdicts\n")[2].partition("\n## ")[0]
    found = re.findall(r"^- \*\*(\w+)\*\*:", stated, re.MULTILINE)
    text = ", ".join(f"{found.count(word)} {word}" for word in DECISIONS if word in found)
    return f"[{text}](../{report.relative_to(ROOT).as_posix()})"


def fill(page: Path, marks: re.Pattern[str], text: str) -> None:
    """Replace the text between two marks on a page of the documentation."""
    filled = marks.sub(
        lambda found: f"{found[1]}{text}{found[2]}", page.read_text(encoding="utf-8")
    )
    page.write_text(filled, encoding="utf-8")
