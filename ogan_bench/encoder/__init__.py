"""The trained encoder as others use it: images in, codes out, and back."""
