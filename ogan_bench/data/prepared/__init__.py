"""The store of prepared images: decoded once, read many times."""
