"""Evaluation and ablation toolkit for O-GAN and every GAN that carries an encoder."""

__version__ = "0.1.0"
