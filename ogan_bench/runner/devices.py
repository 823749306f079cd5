"""Which devices a run uses, and how many trials run in parallel."""

from __future__ import annotations

from ogan_bench.errors import UserError


def slots(device: str, workers: int | None, trials: int) -> list[str]:
    """The device of each slot.

    By default one slot per usable core on the CPU and one per GPU on CUDA; ``workers`` overrides
    this. Never more slots than trials.

    Args:
        device: ``auto``, ``cpu``, ``cuda`` (all GPUs) or ``cuda:N``.
        workers: Number of slots; ``None``: the default.
        trials: Number of trials to run.

    Raises:
        UserError: The device does not exist on this machine.
    """
    import torch

    from ogan_bench.data.cores import usable_cores

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device == "auto":
        device = "cuda" if gpus else "cpu"
    if device == "cpu":
        names, count = ["cpu"], workers or usable_cores()
    elif device == "cuda" and gpus:
        names = [f"cuda:{index}" for index in range(gpus)]
        count = workers or gpus
    elif device.removeprefix("cuda:").isdigit() and int(device.removeprefix("cuda:")) < gpus:
        names, count = [device], workers or 1
    else:
        found = f"{gpus} CUDA GPU{'s' * (gpus != 1)}"
        raise UserError(f"--device {device}: there is no such device; found cpu and {found}")
    return [names[index % len(names)] for index in range(max(1, min(count, trials)))]
