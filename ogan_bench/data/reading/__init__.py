"""File formats of images and labels."""
