"""DINOv2 at the positions of its published input size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from ogan_bench.features.dinov2 import DINOV2, dinov2, published_positions
from ogan_bench.features.extractor import extract
from ogan_bench.features.resizing import resized, standardised
from tests.oracles.features.photographs import photograph

pytestmark = pytest.mark.usefixtures("_nothing_of_the_user")

CPU = torch.device("cpu")


class TestPositions:
    def test_rows_are_read_where_the_published_code_reads_them(self) -> None:
        # Away from the border, cubic interpolation of a ramp is nearly the ramp itself.
        ramp = torch.arange(37.0).view(1, 37, 1, 1).expand(1, 37, 37, 1).reshape(1, 37 * 37, 1)
        positions = torch.cat((torch.full((1, 1, 1), -7.0), ramp), dim=1)
        made = published_positions(positions, 16)
        assert made.shape == (1, 1 + 256, 1)
        assert float(made[0, 0, 0]) == -7
        rows = made[0, 1:, 0].view(16, 16)
        middle = torch.arange(1, 15)[:, None].expand(14, 16) + 0.5
        assert torch.allclose(rows[1:-1], middle * 37 / 16.1 - 0.5, atol=0.06)
        assert not torch.allclose(rows[1:-1], middle * 37 / 16 - 0.5, atol=0.15)

    def test_columns_stay_columns(self) -> None:
        ramp = torch.arange(37.0).view(1, 1, 37, 1).expand(1, 37, 37, 1).reshape(1, 37 * 37, 1)
        made = published_positions(torch.cat((ramp[:, :1], ramp), dim=1), 16)[0, 1:, 0]
        assert bool((made.view(16, 16).diff(dim=1) > 1).all())

    def test_a_grid_of_the_right_size_stays(self) -> None:
        positions = torch.rand(1, 1 + 256, 4)
        assert torch.equal(published_positions(positions, 16), positions)

    def test_a_net_with_another_grid_uses_them(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from transformers import Dinov2Config, Dinov2Model

        with torch.random.fork_rng():
            torch.manual_seed(0)
            own: Any = Dinov2Model(
                Dinov2Config(
                    hidden_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=518
                )
            )
            own.eval()
            torch.nn.init.normal_(own.embeddings.position_embeddings, std=0.3)
        own.save_pretrained(tmp_path)
        monkeypatch.setenv(DINOV2.variable, str(tmp_path))
        images = photograph("chelsea", 224)
        found = extract(dinov2(CPU), images).features
        pixels = standardised(
            resized(images, 224, "bicubic"), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        )
        with torch.inference_mode():
            librarys = own(pixels).last_hidden_state[:, 0]
            new = published_positions(own.embeddings.position_embeddings, 16)
            own.embeddings.position_embeddings = torch.nn.Parameter(new, requires_grad=False)
            expected = own(pixels).last_hidden_state[:, 0]
        assert torch.allclose(found, expected, atol=1e-5)
        assert not torch.allclose(found, librarys, atol=1e-3)
