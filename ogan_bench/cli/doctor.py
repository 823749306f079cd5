"""``ogan-bench doctor``: what is available on this machine."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ogan_bench.cli.options import Json
from ogan_bench.cli.output import print_json, print_table
from ogan_bench.errors import UserError

ABSENT = "not here: "


def doctor(as_json: Json = False) -> None:
    """Show versions, devices, and which data and feature spaces are available."""
    facts = examine()
    if as_json:
        print_json(facts)
        return
    print_table(
        None,
        [
            row
            for section, entries in facts.items()
            for row in ([section, ""], *([f"  {key}", value] for key, value in entries.items()))
        ],
    )


def examine() -> dict[str, dict[str, Any]]:
    """Facts about the machine, by section."""
    import torch

    from ogan_bench.data.sources.fashion_mnist import find_folder
    from ogan_bench.features.cache import cache_dir
    from ogan_bench.store import provenance

    gpus = range(torch.cuda.device_count() if torch.cuda.is_available() else 0)
    fashion = find_folder()
    return {
        "versions": provenance.code_and_machine(),
        "devices": {
            "cpu": f"{os.cpu_count()} cores",
            **{f"cuda:{index}": torch.cuda.get_device_name(index) for index in gpus},
        },
        "data": {
            "digits": "embedded in scikit-learn",
            "fashion_mnist": str(fashion)
            if fashion
            else ABSENT + "install Debian's dataset-fashion-mnist, or let torchvision download it",
            "$OGAN_BENCH_DATA": os.environ.get("OGAN_BENCH_DATA") or "not set (data)",
        },
        "feature spaces": _spaces(),
        "LPIPS": _perceptual(),
        "cache": {"folder": _whether(lambda: _with_size(cache_dir()))},
    }


def _spaces() -> dict[str, str]:
    """Whether each of ``evaluation.extractors`` can be used here, and what to do if not."""
    from ogan_bench.features.spaces import FEATURE_SPACES

    return {name: _whether(space.weights) for name, space in FEATURE_SPACES.items()}


def _perceptual() -> dict[str, str]:
    """The same for the nets that LPIPS can use."""
    from ogan_bench.evaluation.reconstruction.lpips import BACKBONES, backbone_path

    return {name: _whether(functools.partial(backbone_path, name)) for name in BACKBONES}


def _whether(find: Callable[[], Path | str]) -> str:
    try:
        return f"ready: {find()}"
    except (ValueError, UserError) as error:
        return f"{ABSENT}{error}"


def _with_size(path: Path) -> str:
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return f"{path} ({size / 2**20:.1f} MiB)"
