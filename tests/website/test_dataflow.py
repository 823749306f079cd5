"""Diagrams of systems show what the losses compute, in the words of the papers."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.objectives.forward_pass import Net
from ogan_bench.study import catalogue
from website.dataflow import Dataflow, dataflow
from website.systems import system

BIGAN = {
    "encoder": {"adversarial": {"C(x, E(x))"}},
    "generator": {"adversarial": {"C(G(z), z)"}},
    "critic": {"adversarial": {"C(x, E(x))", "C(G(z), z)"}},
}
EXPECTED: dict[str, dict[str, dict[str, set[str]]]] = {
    "composed": {
        "encoder": {
            "adversarial": {"E(x)", "E(G(z))"},
            "consistency": {"z", "E(G(z))"},
            "penalty": {"x", "G(z)", "E(x)", "E(G(z))"},  # the potential weighs by |x - G(z)|
        },
        "generator": {"adversarial": {"E(G(z))"}, "consistency": {"z", "E(G(z))"}},
    },
    "post_hoc": {  # a GAN, and an encoder that is trained after it
        "encoder": {"consistency": {"z", "E(G(z))"}},
        "generator": {"adversarial": {"C(G(z))"}},
        "critic": {
            "adversarial": {"C(x)", "C(G(z))"},
            "penalty": {"x", "G(z)", "C(x)", "C(G(z))"},
        },
    },
    "bigan": BIGAN,
    "ali": BIGAN,
    "veegan": {
        "encoder": {"latent": {"z", "E(G(z))"}},
        "generator": {"adversarial": {"C(G(z), z)"}, "latent": {"z", "E(G(z))"}},
        "critic": BIGAN["critic"],
    },
    "age": {
        "encoder": {
            "kl_real": {"E(x)"},
            "kl_fake": {"E(G(z))"},
            "reconstruction": {"x", "G(E(x))"},
        },
        "generator": {"kl_fake": {"E(G(z))"}, "latent": {"z", "E(G(z))"}},
    },
    "vae": {  # the KL divergence moves E alone
        "encoder": {"reconstruction": {"x", "G(E(x))"}, "kl": {"E(x)"}},
        "generator": {"reconstruction": {"x", "G(E(x))"}},
    },
}


def read(flow: Dataflow, net: Net) -> dict[str, set[str]]:
    return {term: set(names) for term, names in flow.losses[net].items()}


@pytest.mark.parametrize("name", EXPECTED)
def test_losses_read_what_their_formula_says(name: str) -> None:
    flow = dataflow(name)
    assert {net: read(flow, net) for net in flow.losses} == EXPECTED[name]


def test_the_autoencoder_of_dc_vae_has_a_critic_with_features() -> None:
    """As VAE/GAN: the critic sees reconstructions, and its features compare them with x."""
    flow = dataflow("dc_vae")
    assert read(flow, "encoder") == {
        "adversarial": {"C.score head(C(G(E(x))))"},
        "instance": {"C(x)", "C(G(E(x)))"},
        "kl": {"E(x)"},
    }
    assert read(flow, "critic")["adversarial"] == {
        f"C.score head(C({image}))" for image in ("x", "G(z)", "G(E(x))")
    }


def test_bigbigan_scores_images_and_codes_alone_too() -> None:
    (scores,) = read(dataflow("bigbigan"), "generator").values()
    image, code = "C.features(G(z))", "C.of code(z)"
    assert scores == {f"C.joint({image}, {code})", f"C.alone 0({image})", f"C.alone 1({code})"}


def test_parts_that_losses_call_by_themselves_are_shown() -> None:
    flow = dataflow("alae")
    assert flow.calls["G.synthesis(G.mapping(z))"].inputs == ("G.mapping(z)",)
    assert read(flow, "encoder")["reciprocity"] == {
        "G.mapping(z)",
        "E(G.synthesis(G.mapping(z)))",
    }
    assert dataflow("rcf_gan").calls["C(ε)"].net == "critic"


@pytest.mark.parametrize("name", catalogue.names("objectives"))
def test_every_objective_has_a_picture(name: str, tmp_path: Path) -> None:
    drawing = system(name)
    flow = dataflow(name)
    assert set(flow.losses) >= {"encoder", "generator"}
    assert all(names for terms in flow.losses.values() for names in terms.values())
    text = drawing.save(tmp_path / "system.svg").read_text(encoding="utf-8")
    for net, terms in flow.losses.items():
        assert f">loss of {net[0].upper()}<" in text
        for term in terms:
            assert f">{term.replace('_', ' ')}<" in text
            assert term in drawing.alt
