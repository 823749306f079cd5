"""Random numbers from explicit generators: one for every (seed, stage, index).

Nothing draws from torch's global generator, so no random state has to be saved: a resumed run
recreates the same generators. All generators live on the CPU and draws are moved to the training
device, so every device sees the same stream.
"""

from __future__ import annotations

import hashlib

import torch


def derive(seed: int, stage: str, index: int = 0) -> int:
    """A 63-bit seed from a training seed, the name of a stage and an index within it."""
    digest = hashlib.sha256(f"{seed}/{stage}/{index}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def generator(seed: int, stage: str, index: int = 0) -> torch.Generator:
    """A CPU generator that depends only on its arguments."""
    return torch.Generator().manual_seed(derive(seed, stage, index))
