"""The four parts of the O-GAN family, and the code that combines them."""
