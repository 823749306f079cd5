"""The four parts of the O-GAN family, and what ties them together."""
