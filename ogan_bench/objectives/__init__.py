"""What the nets minimise."""

from collections.abc import Callable

from ogan_bench.objectives.base import Objective
from ogan_bench.objectives.composed import composed
from ogan_bench.objectives.systems.age import age
from ogan_bench.objectives.systems.alae import alae
from ogan_bench.objectives.systems.bigan import ali, bigan
from ogan_bench.objectives.systems.bigan_qp import bigan_qp
from ogan_bench.objectives.systems.bigbigan import bigbigan
from ogan_bench.objectives.systems.contrad import contrad
from ogan_bench.objectives.systems.dc_vae import dc_vae
from ogan_bench.objectives.systems.gan_qp import gan_qp
from ogan_bench.objectives.systems.info_gan import info_gan
from ogan_bench.objectives.systems.intro_vae import intro_vae
from ogan_bench.objectives.systems.inv_gan import inv_gan
from ogan_bench.objectives.systems.lia import lia
from ogan_bench.objectives.systems.moment_matching import moment_matching
from ogan_bench.objectives.systems.pac_gan import pac_gan
from ogan_bench.objectives.systems.post_hoc import post_hoc
from ogan_bench.objectives.systems.rcf_gan import rcf_gan
from ogan_bench.objectives.systems.separate import separate
from ogan_bench.objectives.systems.soft_intro_vae import soft_intro_vae
from ogan_bench.objectives.systems.triple_critics import triple_critics
from ogan_bench.objectives.systems.vae import autoencoder, vae
from ogan_bench.objectives.systems.veegan import veegan

OBJECTIVES: dict[str, Callable[..., Objective]] = {
    "composed": composed,
    "separate": separate,
    "post_hoc": post_hoc,
    "lia": lia,
    "pac_gan": pac_gan,
    "gan_qp": gan_qp,
    "bigan": bigan,
    "ali": ali,
    "bigan_qp": bigan_qp,
    "bigbigan": bigbigan,
    "veegan": veegan,
    "info_gan": info_gan,
    "triple_critics": triple_critics,
    "moment_matching": moment_matching,
    "alae": alae,
    "age": age,
    "rcf_gan": rcf_gan,
    "inv_gan": inv_gan,
    "contrad": contrad,
    "dc_vae": dc_vae,
    "intro_vae": intro_vae,
    "soft_intro_vae": soft_intro_vae,
    "vae": vae,
    "autoencoder": autoencoder,
}
