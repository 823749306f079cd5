"""Published nets loaded from a local folder: nothing is downloaded or unpickled."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ogan_bench.errors import NoValueError
from ogan_bench.files import home_folder, sha256

SETTINGS, WEIGHTS = "config.json", "model.safetensors"
PICKLES = ("*.bin", "*.pth", "*.pt", "*.ckpt")
ENVIRONMENT = (OSError, MemoryError, torch.OutOfMemoryError, ImportError)
"""Errors while a file of weights is read that say nothing about the file itself."""


@dataclass(frozen=True)
class Release:
    """Published nets of one family, and where they may be on this machine.

    Args:
        title: Name of the family in messages.
        variable: Environment variable with the path of a folder with ``config.json`` and
            ``model.safetensors``.
        repositories: On Hugging Face, in order of preference; if the variable is not set, the main
            branch of one of them is used from Hugging Face's cache.
        kinds: Allowed values of ``model_type`` in the settings.
        advice: How to get the two files.
    """

    title: str
    variable: str
    repositories: tuple[str, ...]
    kinds: tuple[str, ...]
    advice: str

    def folder(self) -> Path:
        """The folder with the settings and the weights.

        Raises:
            NoValueError: There is none, or it holds something else; the message says what to do.
        """
        require("transformers", self.title)
        folder = self._named() or self._kept()
        for name in (WEIGHTS, SETTINGS):
            if not (folder / name).is_file():
                raise self._missing(f"{folder} has no {name}{_pickled(folder)}")
        kind = _settings(folder / SETTINGS).get("model_type")
        if kind not in self.kinds:
            raise NoValueError(
                f"{folder / SETTINGS}: the net is a {kind!r}, and {self.title} is a "
                f"{' or a '.join(map(repr, self.kinds))}"
            )
        return folder

    def load(
        self,
        model: Any,
        configure: Callable[[dict[str, Any]], Any],
        device: torch.device,
        *parts: str,
    ) -> tuple[Any, str]:
        """The net from :meth:`folder` with all its weights, in evaluation mode.

        Args:
            model: Its class in the library transformers.
            configure: Maps the content of ``config.json`` to that library's config of the net.
            device: Where it computes.
            *parts: Prefixes of the weights to read; none: all of them.

        Returns:
            The net and the SHA-256 of its weights file.

        Raises:
            NoValueError: There is none, a file is damaged, or the weights do not match the net.
        """
        from safetensors import safe_open

        folder = self.folder()
        settings, weights = folder / SETTINGS, folder / WEIGHTS
        with _quiet_and_offline():
            try:
                config = configure(_settings(settings))
            except ENVIRONMENT:
                raise
            except Exception as error:  # the errors depend on the library's version
                raise NoValueError(
                    f"{settings}: not settings of {self.title} ({_line(error)})"
                ) from None
            try:
                with safe_open(weights, "pt") as file:
                    chosen = [name for name in file.keys() if name.startswith(parts or ("",))]  # noqa: SIM118
                    state = {name: file.get_tensor(name) for name in chosen}
            except ENVIRONMENT:
                raise
            except Exception as error:  # the errors of the file parser are not documented
                raise NoValueError(
                    f"{weights}: not a whole safetensors file ({_line(error)})"
                ) from None
            # Given config and weights, the library looks for no files, local or remote; it also
            # handles weights that were renamed since publication.
            try:
                net, report = model.from_pretrained(
                    None,
                    config=config,
                    state_dict=state,
                    dtype=torch.float32,
                    local_files_only=True,
                    ignore_mismatched_sizes=True,
                    output_loading_info=True,
                )
            except ValueError as error:  # such as a width that is no multiple of the heads
                raise NoValueError(
                    f"{settings}: no {self.title} can be built of it ({_line(error)})"
                ) from None
        bad = sorted({*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])})
        if bad:
            raise NoValueError(
                f"{weights}: not the weights of the {self.title} in {SETTINGS}: "
                f"{len(bad)} of them are missing or have another shape, such as {bad[0]}"
            )
        return net.to(device).eval().requires_grad_(False), sha256(weights)

    def _named(self) -> Path | None:
        if not (named := os.environ.get(self.variable)):
            return None
        if not Path(named).is_dir():
            raise self._missing(f"${self.variable} names {named}, where there is no folder")
        return Path(named)

    def _kept(self) -> Path:
        hub = hub_cache()
        found = [folder for name in self.repositories if (folder := _snapshot(hub, name))]
        if not found:
            raise self._missing(f"${self.variable} is not set, and {hub} has none")
        return next((folder for folder in found if (folder / WEIGHTS).is_file()), found[0])

    def _missing(self, why: str) -> NoValueError:
        return NoValueError(f"no {self.title} weights ({why}): {self.advice}")


def require(module: str, title: str) -> None:
    """Check that an optional package is installed, without importing it.

    Raises:
        NoValueError: It is not; the message says how to get it.
    """
    if importlib.util.find_spec(module) is None:
        raise NoValueError(
            f"{title} needs the package {module}: python -m pip install 'ogan-bench[spaces]'"
        )


def hub_cache() -> Path:
    """Where Hugging Face's tools cache their downloads.

    Raises:
        UserError: No variable names it, and there is no home folder.
    """
    if named := os.environ.get("HF_HUB_CACHE"):
        return Path(named).expanduser()
    if home := os.environ.get("HF_HOME"):
        return Path(home).expanduser() / "hub"
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "huggingface" / "hub"
    return home_folder("HF_HUB_CACHE") / ".cache" / "huggingface" / "hub"


@contextmanager
def _quiet_and_offline() -> Iterator[None]:
    """Run the library transformers without reports, progress bars or network access."""
    from huggingface_hub import constants
    from transformers.utils import logging as reports

    offline, verbosity = constants.HF_HUB_OFFLINE, reports.get_verbosity()
    bars = reports.is_progress_bar_enabled()
    constants.HF_HUB_OFFLINE = True
    reports.set_verbosity(logging.CRITICAL)
    reports.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = offline
        reports.set_verbosity(verbosity)
        if bars:
            reports.enable_progress_bar()  # type: ignore[no-untyped-call]


def _settings(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise NoValueError(f"{path}: not JSON ({error})") from None
    if not isinstance(settings, dict):
        raise NoValueError(f"{path}: not a JSON object")
    return settings


def _snapshot(hub: Path, repository: str) -> Path | None:
    kept = hub / f"models--{repository.replace('/', '--')}"
    try:
        revision = (kept / "refs" / "main").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    folder = kept / "snapshots" / revision
    return folder if folder.is_dir() else None


def _pickled(folder: Path) -> str:
    names = sorted(path.name for pattern in PICKLES for path in folder.glob(pattern))
    return f" but {names[0]}, a pickle, which can run code when it is read" if names else ""


def _line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
