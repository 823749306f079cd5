"""Names of the metrics that every feature space has."""

from __future__ import annotations

from ogan_bench.metrics import METRICS
from ogan_bench.metrics.coverage import BINS
from ogan_bench.metrics.feature_spaces import SPACES, in_other_spaces, metric_name, names_in
from ogan_bench.metrics.fidelity import QUANTITIES

GROUP = QUANTITIES | BINS


class TestNames:
    def test_the_literatures_are_for_its_own_space(self) -> None:
        assert metric_name("fd", "inception") == "fid"
        assert metric_name("kd", "inception") == "kid"
        assert metric_name("isc", "inception") == "isc"
        assert metric_name("kd_exact", "inception") == "kid_exact"
        assert metric_name("cmmd", "clip") == "cmmd"
        assert metric_name("fd", "dinov2") == "fd_dinov2"
        assert metric_name("precision", "inception") == "precision_inception"

    def test_every_space_that_can_be_chosen_has_metrics(self) -> None:
        for space in SPACES:
            assert METRICS[metric_name("fd", space)].extractor == space
            assert METRICS[metric_name("fd", space)].group is None
            assert METRICS[metric_name("vendi", space)].group == "diversity"

    def test_definitions_name_the_space_and_no_other_metric(self) -> None:
        names: list[str] = []
        for space, about in SPACES.items():
            for always in (True, False):
                for name, metric in names_in(space, GROUP, always=always).items():
                    names.append(metric)
                    assert about.description in METRICS[metric].definition
                    assert METRICS[metric].group == (None if always else "diversity")
                    not_it = "Not an FID." in METRICS[metric].definition
                    assert not_it == (
                        name in ("fd", "fd_debiased", "fd_infinity") and space != "inception"
                    )
        assert len(set(names)) == len(names)
        assert len({METRICS[name].title for name in names}) == len(names)

    def test_only_spaces_with_classes_have_a_score(self) -> None:
        assert {name for name in METRICS if name.startswith("isc")} == {
            "isc", "isc_classifier", "isc_efficientnet_lite0"
        }  # fmt: skip
        assert [name for name in METRICS if "cmmd" in name] == ["cmmd"]

    def test_only_spaces_that_take_floats_have_speeds(self) -> None:
        """Others have every metric of paths that needs no image between two grey levels."""
        for space, about in SPACES.items():
            for suffix in ("", "_linear"):
                for quantity in ("path_length", "path_energy"):
                    assert (f"{quantity}_{space}{suffix}" in METRICS) is about.takes_floats
                assert f"path_straightness_{space}{suffix}" in METRICS

    def test_of_other_spaces_are_found(self) -> None:
        assert "path_energy_classifier_linear" in in_other_spaces("path_energy_dinov2_linear")
        assert "isc" in in_other_spaces("isc_clip")
        assert in_other_spaces("latent_rho") == []
