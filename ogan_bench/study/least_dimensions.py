"""How many dimensions a consistency term has to tie before it can teach anything.

Of two centred and scaled numbers only a sign is left, and of one nothing: -ρ and its relatives are
constant there, and their gradient is 0.
"""

from __future__ import annotations

from ogan_bench.study.settings import Settings

LEAST = {
    "pearson": 3,
    "scaled_pearson": 3,
    "normalized_mse": 3,
    "pixel_normalized": 3,
    "mse_centred": 2,
    "cosine": 2,
    "contrastive": 2,
}
"""Consistency terms that remove the mean or the scale of a code (2), or both (3)."""


def too_few_dimensions(settings: Settings) -> str | None:
    """What is wrong if the consistency term ties too few dimensions of z, and how to mend it."""
    term = getattr(settings.objective, "consistency", None)
    z_dim = getattr(settings.model, "z_dim", None)
    name = getattr(term, "name", "")
    least = LEAST.get(name, 0)
    free = getattr(getattr(settings.objective, "readout", None), "dims", 0)
    if z_dim is None or z_dim - free >= least:
        return None
    tied = f"{z_dim - free}" + (f" ({free} of {z_dim} belong to the readout)" if free else "")
    return (
        f"the consistency term {name!r} needs {least} dimensions of z and has {tied}: with "
        f"fewer it is constant, and its gradient is 0; set model.z_dim to {least + free} or more"
    )
