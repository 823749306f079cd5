"""Why a variant works or fails: how the two sides of E's loss affect each other."""

from __future__ import annotations

from ogan_bench.metrics.definition import OGAN, Metric

MECHANISM: dict[str, Metric] = {
    "gradient_cosine_output": Metric(
        "gradient cosine at E(G(z))",
        None,
        "Cosine between the gradients of the adversarial and of the consistency term at the output "
        "E(G(z)), mean over generated images: 0 where the terms leave each other alone, as avg and "
        "Pearson do by construction, -1 where one undoes the other.",
        f"ours, after the argument of {OGAN}",
        ".3f",
        group="mechanism",
    ),
    "gradient_cosine_parameters": Metric(
        "gradient cosine in E",
        None,
        "The same cosine in all parameters of E, mean over batches of 64.",
        f"ours, after the argument of {OGAN}",
        ".3f",
        group="mechanism",
    ),
    "gradient_norm_ratio": Metric(
        "gradient norm ratio in E",
        None,
        "Norm of the consistency term's gradient over that of the adversarial one's in all "
        "parameters of E, mean over batches of 64.",
        "ours",
        ".3g",
        group="mechanism",
    ),
    "output_share_adversarial": Metric(
        "output share, adversarial",
        None,
        "Effective rank of the directions in which the adversarial term moves E(G(z)), over the "
        "number of outputs: 1/d for avg, 1 where every direction is used alike.",
        "ours, with the effective rank of Roy and Vetterli, 2007",
        ".3f",
        group="mechanism",
    ),
    "output_share_consistency": Metric(
        "output share, consistency",
        None,
        "The same share for the consistency term; Pearson leaves the average and the norm alone.",
        "ours, with the effective rank of Roy and Vetterli, 2007",
        ".3f",
        group="mechanism",
    ),
    "score_auc": Metric(
        "score AUC",
        None,
        "Probability that a real image scores as more real than a generated one, in training mode: "
        "0.5 where the score has nothing left to say.",
        "Hanley and McNeil, 1982",
        ".3f",
        group="mechanism",
    ),
    "score_spread": Metric(
        "score spread",
        None,
        "Standard deviation of the score over real and generated images, over the root mean square "
        "of E's outputs: 0 where the score is a constant.",
        "ours",
        ".3g",
        group="mechanism",
    ),
    "encoder_sharpness": Metric(
        "sharpness of E's loss",
        None,
        "Largest eigenvalue in magnitude of the Hessian of E's whole loss in E's parameters, on "
        "one batch of 64, by power iteration.",
        "Cohen et al., 2021, arXiv 2103.00065",
        ".3g",
        group="mechanism",
    ),
}
