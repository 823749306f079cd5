"""Weights on disk that are missing or damaged."""

from __future__ import annotations

import importlib.util
import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from ogan_bench.errors import NoValueError
from ogan_bench.features.dinov2 import DINOV2
from tests.oracles.features.bomb import Bomb
from tests.oracles.features.transformers_on_disk import Family

pytestmark = pytest.mark.usefixtures("_nothing_of_the_user")

CPU = torch.device("cpu")


class TestMissingAndDamaged:
    def refused(self, family: Family, match: str) -> str:
        with pytest.raises(NoValueError, match=match) as caught:
            family.make(CPU)
        message = str(caught.value)
        assert "\n" not in message
        return message

    @pytest.fixture
    def copy(self, family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv(family.release.variable, str(tmp_path / "net"))
        return shutil.copytree(family.folder, tmp_path / "net")

    def test_nothing_at_all(self, family: Family, tmp_path: Path) -> None:
        message = self.refused(family, "no (DINOv2|CLIP) weights")
        assert family.release.variable in message
        assert family.release.repositories[0] in message
        assert str(tmp_path / "hub") in message
        assert "model.safetensors" in message

    def test_a_variable_that_names_nothing(
        self, family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(family.release.variable, str(tmp_path / "nowhere"))
        self.refused(family, "nowhere, where there is no folder")

    @pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
    def test_a_folder_without_one_of_the_files(self, family: Family, copy: Path, name: str) -> None:
        (copy / name).unlink()
        self.refused(family, f"has no {name}\\)")

    def test_a_folder_with_a_pickle_alone(self, family: Family, copy: Path, tmp_path: Path) -> None:
        (copy / "model.safetensors").unlink()
        (copy / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(tmp_path / "boom")))
        self.refused(family, r"no model\.safetensors but pytorch_model\.bin, a pickle")
        assert not (tmp_path / "boom").exists()

    @pytest.mark.parametrize("kept", [0, 5, 1000, -1])
    def test_a_truncated_file(self, family: Family, copy: Path, kept: int) -> None:
        whole = (copy / "model.safetensors").read_bytes()
        (copy / "model.safetensors").write_bytes(whole[:kept])
        self.refused(family, "not a whole safetensors file")

    def test_a_pickle_by_that_name(self, family: Family, copy: Path, tmp_path: Path) -> None:
        (copy / "model.safetensors").write_bytes(pickle.dumps(Bomb(tmp_path / "boom")))
        self.refused(family, "not a whole safetensors file")
        assert not (tmp_path / "boom").exists()

    def test_another_kind_of_net(
        self, family: Family, folders: dict[str, Path], copy: Path
    ) -> None:
        other = folders["clip" if family.release is DINOV2 else "dinov2"]
        shutil.copy(other / "config.json", copy)
        self.refused(family, "the net is a '(clip|dinov2)', and")

    def test_weights_of_another_kind_of_net(
        self, family: Family, folders: dict[str, Path], copy: Path
    ) -> None:
        other = folders["clip" if family.release is DINOV2 else "dinov2"]
        shutil.copy(other / "model.safetensors", copy)
        self.refused(family, "not the weights of the (DINOv2|CLIP)")

    def rewrite(self, copy: Path, **changes: Any) -> None:
        settings = json.loads((copy / "config.json").read_text())
        settings.get("vision_config", settings).update(changes)
        (copy / "config.json").write_text(json.dumps(settings))

    def test_weights_of_another_width(self, family: Family, copy: Path) -> None:
        self.rewrite(copy, hidden_size=64)
        self.refused(family, "not the weights of the .* or have another shape")

    def test_weights_of_fewer_layers(self, family: Family, copy: Path) -> None:
        self.rewrite(copy, num_hidden_layers=3)
        self.refused(family, "not the weights of the .* are missing")

    def test_settings_that_no_net_can_have(self, family: Family, copy: Path) -> None:
        self.rewrite(copy, hidden_size="wide")
        self.refused(family, "not settings of (DINOv2|CLIP)")

    def test_settings_that_contradict_each_other(self, family: Family, copy: Path) -> None:
        """Which of these the library refuses only when it builds the net depends on its version."""
        assert (copy / "config.json").is_file()

        class Contradicted:
            @staticmethod
            def from_pretrained(*_: object, **__: object) -> None:
                raise ValueError("32 is no multiple of 5 heads")

        with pytest.raises(NoValueError, match=r"can be built of it \(32 is no multiple"):
            family.release.load(Contradicted, lambda settings: settings, CPU)

    @pytest.mark.parametrize(("text", "match"), [("{", "not JSON"), ("[]", "not a JSON object")])
    def test_settings_that_are_none(
        self, family: Family, copy: Path, text: str, match: str
    ) -> None:
        (copy / "config.json").write_text(text)
        self.refused(family, match)

    def test_the_library_is_not_installed(
        self, family: Family, copy: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        self.refused(family, r"needs the package transformers: .*ogan-bench\[spaces\]")
