"""``ogan-bench doctor``: what this machine has."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from ogan_bench.cli.options import Json


def doctor(as_json: Json = False) -> None:
    """Show versions, devices, and which weights and data are at hand."""
    facts = examine()
    if as_json:
        sys.stdout.write(json.dumps(facts, indent=1) + "\n")
        return
    for section, entries in facts.items():
        sys.stdout.write(f"{section}\n")
        for key, value in entries.items():
            sys.stdout.write(f"  {key:<24} {value}\n")


def examine() -> dict[str, dict[str, Any]]:
    """Facts in sections."""
    import torch

    from ogan_bench import provenance
    from ogan_bench.data.fashion_mnist import find_folder
    from ogan_bench.evaluation.cache import cache_dir
    from ogan_bench.evaluation.inception import weights_path

    gpus = range(torch.cuda.device_count() if torch.cuda.is_available() else 0)
    fashion = find_folder()
    try:
        weights = str(weights_path())
    except ValueError as error:
        weights = str(error)
    absent = "not here: "
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
            else absent + "install Debian's dataset-fashion-mnist, or let torchvision download it",
            "$OGAN_BENCH_DATA": os.environ.get("OGAN_BENCH_DATA", "not set (data)"),
        },
        "weights": {
            "Inception-v3": weights,
            "cache": str(_display(cache_dir())),
        },
    }


def _display(path: Path) -> str:
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return f"{path} ({size / 2**20:.1f} MiB)"
