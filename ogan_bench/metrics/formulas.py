"""What a metric computes, as a formula."""

from __future__ import annotations

from ogan_bench.metrics.feature_spaces import LITERATURE, SPACES

NOTATION = (
    "x: a test image; z: a draw from the prior; e = E(x). N(e) = (e - mean e) / std e. P: the "
    "projection of codes that belongs to the objective, t: the temperature, x̂ = G(t·P(e)). φ: "
    "features; s: samples, r: reference images, n and m of them; μ, Σ and m, S: means and "
    "covariances of φ(s) and φ(r). B(r): the ball about φ(r) that reaches its k-th nearest "
    "neighbour. p(y|x): a classifier's probabilities, c(x) their largest. ⟨·⟩: a mean; 1[·]: 1 if "
    "so, else 0; D: the number of pixels or features."
)

_FRECHET = "‖μ - m‖² + tr(Σ + S - 2(ΣS)^½)"
_CUBIC = "k(a, b) = (aᵀb / D + 1)³"
_SLOPES = "g: gradient of the adversarial term, h: of the consistency term"

FORMULAS = {
    "reconstruction_mse": "⟨‖x - G(N(e))‖² / D⟩",
    "reconstruction_psnr": "⟨10 log₁₀(D / ‖x - G(N(e))‖²)⟩",
    "reconstruction_ratio": "⟨‖x - G(N(e))‖²⟩ / ⟨‖x - G(N(e'))‖²⟩, e' of another image",
    "reconstruction_mse_raw": "⟨‖x - G(e)‖² / D⟩",
    "autoencoding_mse": "⟨‖x - x̂‖² / D⟩",
    "autoencoding_psnr": "⟨10 log₁₀(D / ‖x - x̂‖²)⟩",
    "autoencoding_ssim": "⟨(2μₓμ_x̂ + c₁)(2σ_xx̂ + c₂) / ((μₓ² + μ_x̂² + c₁)(σₓ² + σ_x̂² + c₂))⟩ "
    "over windows",
    "autoencoding_ratio": "⟨‖x - x̂‖²⟩ / ⟨‖x - x̂'‖²⟩, x̂' of another image",
    "autoencoding_lpips_alex": "⟨Σ_l ⟨‖w_l ⊙ (φ_l(x) - φ_l(x̂))‖²⟩⟩, φ_l of unit length at each "
    "place of layer l",
    "autoencoding_lpips_vgg": "⟨Σ_l ⟨‖w_l ⊙ (φ_l(x) - φ_l(x̂))‖²⟩⟩, φ_l of unit length at each "
    "place of layer l",
    "autoencoding_agreement": "⟨1[argmax p(y|x) = argmax p(y|x̂)]⟩",
    "best_temperature": "argmin_t ⟨‖x - G(t·P(e))‖²⟩",
    "latent_rho": "⟨N(z)ᵀN(E(G(z))) / d⟩",
    "latent_r2": "⟨corr(P(z)_i, P(E(G(z)))_i)²⟩ over dimensions i",
    "latent_retrieval": "⟨1[argmin_j ‖P(E(G(z_i))) - P(z_j)‖ = i]⟩",
    "cycle_rho": "⟨N(e)ᵀN(E(x̂)) / d⟩",
    "cycle_rho_5": "⟨N(e)ᵀN(e₅) / d⟩, e₀ = e, e_{j+1} = E(G(t·P(e_j)))",
    "cycle_drift_5": "⟨‖P(e) - P(e₅)‖² / d⟩, e₀ = e, e_{j+1} = E(G(t·P(e_j)))",
    "code_fd": _FRECHET + " of P(e) and P(z)",
    "code_ks": "⟨sup_a |F_i(a) - H_i(a)|⟩ over dimensions i, F and H: distributions of P(e) and "
    "P(z)",
    "code_effective_rank": "exp(-Σ_i p_i log p_i), p_i = λ_i / Σλ, λ: eigenvalues of cov(e)",
    "code_average": "⟨mean e⟩",
    "code_std": "⟨std e⟩",
    "path_length": "⟨‖φ(G(γ(s + ε))) - φ(G(γ(s)))‖² / ε²⟩, γ: from P(e) to P(e') on a great circle",
    "path_energy": "⟨Σ_j ‖φ_{j+1} - φ_j‖² · J⟩ / ⟨‖φ_J - φ_0‖²⟩, φ_j: features along a path of J "
    "segments",
    "interpolation_detour": "⟨Σ_j ‖x_{j+1} - x_j‖⟩ / ⟨‖x_J - x_0‖⟩, x_j: images along a path of J "
    "segments",
    "interpolation_confidence": "⟨1[c(x_½) ≥ min(c(x_0), c(x_1))]⟩, x_s: images along a path",
    "path_straightness": "⟨‖φ_J - φ_0‖ / Σ_j ‖φ_{j+1} - φ_j‖⟩",
    "midpoint_ratio": "⟨d(x_½)⟩ / ⟨d(x_0), d(x_1)⟩, d(x) = min_r ‖φ(x) - φ(r)‖",
    "ivom": "⟨min_z ‖x - G(z)‖² / D⟩",
    "ivom_encoder": "⟨min_z ‖x - G(z)‖² / D⟩, z from t·P(e) on",
    "inversion_gap": "⟨(‖x - x̂‖² - min_z ‖x - G(z)‖²) / D⟩",
    "inversion_encoder_wins": "⟨1[a < b] + 1[a = b] / 2⟩, a, b: errors of inversions from t·P(e) "
    "and from the prior",
    "probe_accuracy": "⟨1[argmax_k (w_kᵀN(e) + b_k) = y]⟩",
    "svm_accuracy": "⟨1[argmax_k (w_kᵀN(e) + b_k) = y]⟩, w_k, b_k of least hinge loss and norm",
    "knn_accuracy": "⟨1[the class of most of the k nearest N(e') is y]⟩",
    "attribute_accuracy": "⟨(P[ŷ = 1 | y = 1] + P[ŷ = 0 | y = 0]) / 2⟩ over attributes",
    "probe_trunk": "⟨1[argmax_k (w_kᵀh(x) + b_k) = y]⟩, h: input of E's last layer",
    "knn_trunk": "⟨1[the class of most of the k = 20 nearest h(x') is y]⟩, by angle, h: input of "
    "E's last layer",
    "knn_code": "⟨1[the class of most of the k = 20 nearest N(e') is y]⟩, by angle",
    "probe_fisher": "⟨1[argmax_k (w_kᵀv(x) + b_k) = y]⟩, v(x) = I^(-1/2) (∇s(x) - ⟨∇s(G(z))⟩), s: "
    "E's score, ∇: by E's parameters, I: the variances of ∇s(G(z))",
    "separability_z": "2^(Σ_k H(Y_k | X_k)), Y_k: the class k is seen in G(z), X_k: the side of z",
    "dci_trees_disentanglement": "Σ_i w_i (1 + Σ_f r_if log_F r_if), r_if: importance of dimension"
    " i for factor f, Σ_f r_if = 1, w_i: i's share of all",
    "dci_trees_completeness": "Σ_f w_f (1 + Σ_i r_if log_d r_if), Σ_i r_if = 1, w_f: f's share of "
    "all",
    "dci_trees_informativeness": "⟨1[f̂(N(e)) = f]⟩ over factors",
    "mig": "⟨(I(f; e_a) - I(f; e_b)) / H(f)⟩ over factors, e_a and e_b: the two most informative "
    "dimensions",
    "sap": "⟨A(f, e_a) - A(f, e_b)⟩ over factors, A: accuracy of the two best single dimensions",
    "sap_correlation": "⟨corr(f, e_a)² - corr(f, e_b)²⟩ over factors",
    "fd": _FRECHET,
    "fd_debiased": _FRECHET + " - floor(n, m, Σ, S)",
    "kd": f"⟨k(s, s')⟩ + ⟨k(r, r')⟩ - 2⟨k(s, r)⟩ over pairs of subsets, {_CUBIC}",
    "kd_exact": f"⟨k(s, s')⟩ + ⟨k(r, r')⟩ - 2⟨k(s, r)⟩ over all pairs, {_CUBIC}",
    "isc": "exp⟨Σ_y p(y|s) log(p(y|s) / ⟨p(y|s)⟩)⟩",
    "clipped_density": "min(1, ⟨min(1, Σ_r 1[s ∈ B(r)] / k)⟩ / the same of reference images), "
    "radii at most their median",
    "clipped_coverage": "f⁻¹(⟨min(1, Σ_s 1[s ∈ B(r)] / k)⟩ over r), f: its expectation if a share "
    "of the samples is good",
    "precision": "⟨1[s ∈ ∪_r B(r)]⟩",
    "recall": "⟨1[r ∈ ∪_s B(s)]⟩",
    "density": "⟨Σ_r 1[s ∈ B(r)]⟩ / k",
    "coverage": "⟨1[B(r) holds a sample]⟩",
    "prd_precision": "max_λ (1 + β²) α b / (β² α + b), β = 1/8, α = Σ_c min(λ q_c, p_c), b = α / "
    "λ, p and q: cells' shares of s and r",
    "prd_recall": "max_λ (1 + β²) α b / (β² α + b), β = 8, α = Σ_c min(λ q_c, p_c), b = α / λ, "
    "p and q: cells' shares of s and r",
    "fd_infinity": "a of the line a + b/n through the Fréchet distances of n samples",
    "sliced_wasserstein": "3D ⟨Σ_i ((uᵀφ(s))_(i) - (uᵀφ(r))_(i))² / n⟩ over directions u, sorted",
    "vendi": "exp(-Σ λ_i log λ_i), λ: eigenvalues of the cosines of φ(s) / n",
    "rke": "1 / Σ λ_i², λ: eigenvalues of the cosines of φ(s) / n",
    "authenticity": "⟨1[‖φ(s) - φ(r)‖ > ‖φ(r) - φ(r')‖]⟩, r: nearest to s, r': nearest to r",
    "data_copying": "Σ_c w_c (U_c - a_c b_c / 2) / (a_c b_c (a_c + b_c + 1) / 12)^½, a and b: "
    "samples and test images of cell c",
    "fld_gap": "(ℓ(r) - ℓ(x)) / D, ℓ: mean log-likelihood in Σ_s N(φ(s), σ_s² I) / n",
    "cmmd": "1000 (⟨k(s, s')⟩ + ⟨k(r, r')⟩ - 2⟨k(s, r)⟩), k(a, b) = exp(-‖a - b‖² / 200)",
    "fwd": "⟨" + _FRECHET + "⟩ over wavelet packets",
    "modes": "Σ_k 1[class k is made]",
    "modes_kl": "Σ_k p_k log(p_k / q_k)",
    "rfd": _FRECHET + " of φ(x̂) and φ(x)",
    "modes_points": "Σ_k 1[some ‖s - c_k‖ ≤ 3σ]",
    "high_quality_share": "⟨1[min_k ‖s - c_k‖ ≤ 3σ]⟩",
    "modes_kl_points": "Σ_k p_k log(p_k K)",
    "ndb": "⟨1[|p_c - q_c| is significant at 5 %]⟩ over cells c",
    "ndb_js": "(KL(p ‖ a) + KL(q ‖ a)) / 2, a = (p + q) / 2, p and q: cells' shares of s and r",
    "conditional_accuracy": "⟨1[argmax p(y|G(z, k)) = k]⟩",
    "swap_accuracy": "⟨1[argmax p(y|G(t·P(e), k)) = k]⟩, k: not the class of x",
    "fd_classifier_within": "⟨" + _FRECHET + "⟩ over classes",
    "gradient_cosine_output": f"⟨gᵀh / (‖g‖ ‖h‖)⟩, {_SLOPES}, at E(G(z))",
    "gradient_cosine_parameters": f"⟨gᵀh / (‖g‖ ‖h‖)⟩, {_SLOPES}, over E's parameters",
    "gradient_norm_ratio": f"⟨‖h‖ / ‖g‖⟩, {_SLOPES}, over E's parameters",
    "output_share_adversarial": "exp(-Σ p_i log p_i) / d, p: normalised eigenvalues of ⟨ggᵀ⟩, g: "
    "unit gradient of the adversarial term at E(G(z))",
    "output_share_consistency": "exp(-Σ p_i log p_i) / d, p: normalised eigenvalues of ⟨hhᵀ⟩, h: "
    "unit gradient of the consistency term at E(G(z))",
    "score_auc": "P[score(x) > score(G(z))]",
    "score_spread": "std(score) / ⟨e²⟩^½",
    "encoder_sharpness": "max |λ_i|, λ: eigenvalues of the Hessian of E's loss",
    "images_per_second": "images / seconds",
    "step_flops": "2 Σ (multiplications with an addition)",
    "activation_bytes": "max over the step of Σ bytes kept",
    "peak_bytes": "max over the step of Σ bytes allocated",
}
"""Metric, or the quantity of which it is a variant, to its formula in the words of NOTATION."""

VARIANTS = (
    "_train", "_generated", "_untrained", "_pca", "_pixels", "_shuffled", "_heldout", "_linear",
    "_best", "_10", "_100", "_1000", "_10000", "_1", "_5",
)  # fmt: skip
"""Endings of the same formula on other images, codes or numbers of labels."""


def formula_for(metric: str) -> str | None:
    """The formula of a metric; ``None`` for one of a plug-in.

    >>> formula_for("fid") == formula_for("fd_dinov2") == FORMULAS["fd"]
    True
    """
    quantity = quantity_for(metric)
    return None if quantity is None else FORMULAS[quantity]


def quantity_for(metric: str) -> str | None:
    """The name under which :data:`FORMULAS` has a metric; ``None`` for one of a plug-in.

    >>> quantity_for("probe_accuracy_100_pca")
    'probe_accuracy'
    """
    literature = {name.name: quantity for (quantity, _), name in LITERATURE.items()}
    name = literature.get(metric, metric)
    while name not in FORMULAS:
        endings = (*(f"_{space}" for space in SPACES), *VARIANTS)
        shorter = next((name.removesuffix(end) for end in endings if name.endswith(end)), None)
        if shorter is None:
            return None
        name = shorter
    return name
