"""Which metric answers which question: the one to test, where several measure about the same."""

from __future__ import annotations

PRIMARY: dict[str, tuple[str, ...]] = {
    "quality of samples": ("fd_classifier", "fid", "fd_dinov2"),
    "fidelity of samples": ("clipped_density_classifier",),
    "diversity of samples": ("recall_classifier",),
    "mode coverage": ("modes_kl_classifier", "modes_kl_points"),
    "memorisation": ("authenticity_classifier",),
    "reconstruction": ("autoencoding_mse",),
    "latent round trip": ("latent_rho",),
    "codes like the prior": ("code_fd",),
    "separability": ("probe_accuracy",),
    "conditioning": ("conditional_accuracy",),
    "interpolation": ("path_energy_classifier",),
    "inversion": ("ivom",),
    "factors": ("dci_trees_disentanglement",),
    "agreement of the losses": ("gradient_cosine_parameters",),
    "cost": ("step_flops",),
}
"""Question to its primary metrics, one for each feature space or kind of data that it is asked of.

A study that names one primary metric for each of its questions before it runs has few hypotheses to
adjust for. The others describe the same result from further sides. In ``docs/verification.md`` no
metric of fidelity passes more checks than Clipped Density, and none of diversity more than recall;
Clipped Coverage falls with fidelity too.
"""


def primary_for(metric: str) -> str | None:
    """The question that a metric is primary for, if any.

    >>> primary_for("latent_rho"), primary_for("latent_r2")
    ('latent round trip', None)
    """
    return next((question for question, names in PRIMARY.items() if metric in names), None)
