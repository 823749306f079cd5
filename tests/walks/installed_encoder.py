"""The engineer's way, with the package alone: `nox -s smoke` runs it beside no checkout.

It trains nothing and needs neither data nor tests. Run as ``python installed_encoder.py``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

import ogan_bench as ob


def main() -> None:
    assert "site-packages" in str(Path(ob.__file__)), ob.__file__
    with TemporaryDirectory() as folder:
        walk(Path(folder))


def walk(folder: Path) -> None:
    """Use the encoders that come with the package, hand one on, and use it again."""
    for name in ("digits", "stacked_digits", "fashion_mnist"):
        enc = ob.load_encoder(name)
        images = enc.sample(4, seed=0)
        assert enc.decode(enc(images)).shape == images.shape
    photographs = folder / "photographs"
    photographs.mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image[..., 0]).resize((64, 64)).save(photographs / f"{i}.png")
    command = (sys.executable, "-m", "ogan_bench")
    mine, codes = folder / "mine", folder / "codes.npz"
    subprocess.run([*command, "export", "fashion_mnist", "--out", mine], check=True)
    subprocess.run([*command, "encode", mine, photographs, "--out", codes], check=True)
    encoded = np.load(codes)["codes"]
    again = ob.EncoderTransformer(mine).transform(
        np.stack([np.asarray(Image.open(path)) for path in sorted(photographs.iterdir())])[
            ..., None
        ]
    )
    np.testing.assert_allclose(encoded, again, rtol=1e-5, atol=1e-5)
    sys.stdout.write(f"{len(encoded)} photographs encoded, from {ob.__file__}\n")


if __name__ == "__main__":
    main()
