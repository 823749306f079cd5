"""Why a variant works or fails: how the two sides of E's loss affect each other."""

from __future__ import annotations

from ogan_bench.metrics.definition import OGAN, Metric

MECHANISM: dict[str, Metric] = {
    "gradient_cosine_output": Metric(
        "gradient cosine at E(G(z))",
        None,
        "Cosine between the gradients of the adversarial and of the consistency term at the output "
        "E(G(z)), mean over generated images: 0 if the terms do not interfere, as avg and Pearson "
        "do not by construction; -1 if one undoes the other.",
        f"ours, after the argument of {OGAN}",
        ".3f",
        group="mechanism",
    ),
    "gradient_cosine_parameters": Metric(
        "gradient cosine in E",
        None,
        "The same cosine over all parameters of E, mean over batches of 64.",
        f"ours, after the argument of {OGAN}",
        ".3f",
        group="mechanism",
    ),
    "gradient_norm_ratio": Metric(
        "gradient norm ratio in E",
        None,
        "Norm of the consistency term's gradient divided by that of the adversarial term's, over "
        "all parameters of E, mean over batches of 64.",
        "ours",
        ".3g",
        group="mechanism",
    ),
    "output_share_adversarial": Metric(
        "output share, adversarial",
        None,
        "Effective rank of the directions in which the adversarial term moves E(G(z)), divided by "
        "the number of outputs: 1/d for avg, 1 if all directions are used equally.",
        "ours, with the effective rank of Roy and Vetterli, 2007",
        ".3f",
        group="mechanism",
    ),
    "output_share_consistency": Metric(
        "output share, consistency",
        None,
        "The same share for the consistency term; Pearson leaves the average and the norm free.",
        "ours, with the effective rank of Roy and Vetterli, 2007",
        ".3f",
        group="mechanism",
    ),
    "score_auc": Metric(
        "score AUC",
        None,
        "Probability that a real image scores as more real than a generated one, in training mode: "
        "0.5 if the score carries no information.",
        "Hanley and McNeil, 1982",
        ".3f",
        group="mechanism",
    ),
    "score_spread": Metric(
        "score spread",
        None,
        "Standard deviation of the score over real and generated images, divided by the root mean "
        "square of E's outputs: 0 if the score is constant.",
        "ours",
        ".3g",
        group="mechanism",
    ),
    "encoder_sharpness": Metric(
        "sharpness of E's loss",
        None,
        "Largest eigenvalue in magnitude of the Hessian of E's total loss with respect to E's "
        "parameters, on one batch of 64, by power iteration.",
        "Cohen et al., 2021, arXiv 2103.00065",
        ".3g",
        group="mechanism",
    ),
}
