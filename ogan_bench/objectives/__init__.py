"""What the nets minimise."""

from collections.abc import Callable

from ogan_bench.objectives.alae import alae
from ogan_bench.objectives.base import Objective
from ogan_bench.objectives.bigan import ali, bigan
from ogan_bench.objectives.bigan_qp import bigan_qp
from ogan_bench.objectives.composed import composed
from ogan_bench.objectives.gan_qp import gan_qp
from ogan_bench.objectives.info_gan import info_gan
from ogan_bench.objectives.intro_vae import intro_vae
from ogan_bench.objectives.moment_matching import moment_matching
from ogan_bench.objectives.pac_gan import pac_gan
from ogan_bench.objectives.post_hoc import post_hoc
from ogan_bench.objectives.separate import separate
from ogan_bench.objectives.soft_intro_vae import soft_intro_vae
from ogan_bench.objectives.triple_critics import triple_critics
from ogan_bench.objectives.vae import autoencoder, vae

OBJECTIVES: dict[str, Callable[..., Objective]] = {
    "composed": composed,
    "separate": separate,
    "post_hoc": post_hoc,
    "pac_gan": pac_gan,
    "gan_qp": gan_qp,
    "bigan": bigan,
    "ali": ali,
    "bigan_qp": bigan_qp,
    "info_gan": info_gan,
    "triple_critics": triple_critics,
    "moment_matching": moment_matching,
    "alae": alae,
    "intro_vae": intro_vae,
    "soft_intro_vae": soft_intro_vae,
    "vae": vae,
    "autoencoder": autoencoder,
}
