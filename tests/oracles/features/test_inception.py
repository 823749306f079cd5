"""Inception from weights on disk: what is found, and what is refused."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import pytest
import torch

from ogan_bench.errors import NoValueError
from ogan_bench.features.inception import FILE, PUBLISHED, VARIABLE, Inception, inception
from tests.oracles.features.bomb import Bomb

CPU = torch.device("cpu")


class TestInception:
    def test_without_weights_the_message_says_how_to_get_them(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv(VARIABLE, raising=False)
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        with pytest.raises(NoValueError, match="no Inception-v3 weights") as caught:
            inception(CPU)
        message = str(caught.value)
        assert FILE in message
        assert VARIABLE in message
        assert str(tmp_path / "hub" / "checkpoints") in message
        assert f"SHA-256 begins with {PUBLISHED}" in message

    def test_a_variable_that_names_nothing_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(VARIABLE, str(tmp_path / "nothing.pth"))
        with pytest.raises(NoValueError, match=r"nothing\.pth, where there is no file"):
            inception(CPU)

    @pytest.mark.parametrize("saved_by", ["torch", "pickle"])
    def test_code_in_the_file_is_not_executed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, saved_by: str
    ) -> None:
        path = tmp_path / FILE
        if saved_by == "torch":
            torch.save(Bomb(tmp_path / "boom"), path)
        else:
            path.write_bytes(pickle.dumps(Bomb(tmp_path / "boom")))
        monkeypatch.setenv(VARIABLE, str(path))
        with pytest.raises(NoValueError, match="not a plain file of weights"):
            inception(CPU)
        assert not (tmp_path / "boom").exists()

    @pytest.mark.parametrize("content", [{"x": torch.zeros(2)}, [1, 2], torch.zeros(2)])
    def test_other_weights_are_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: object
    ) -> None:
        torch.save(content, tmp_path / "other.pth")
        monkeypatch.setenv(VARIABLE, str(tmp_path / "other.pth"))
        with pytest.raises(NoValueError, match="not the weights of this Inception-v3"):
            inception(CPU)

    def test_the_message_tells_a_damaged_file_from_the_published_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content = b"the first part of a download"
        (tmp_path / FILE).write_bytes(content)
        monkeypatch.setenv(VARIABLE, str(tmp_path / FILE))
        begin = hashlib.sha256(content).hexdigest()[:8]
        with pytest.raises(NoValueError, match=f"begins with {begin}, .* file with {PUBLISHED}$"):
            inception(CPU)
        with pytest.raises(NoValueError, match=r"not a plain file of weights \([^;]*\)$"):
            inception(CPU, published=begin)

    def test_images_of_two_channels_are_refused(self) -> None:
        with pytest.raises(NoValueError, match="neither grey nor in colour"):
            Inception(None, PUBLISHED, CPU)(torch.zeros(1, 2, 8, 8, dtype=torch.uint8))
