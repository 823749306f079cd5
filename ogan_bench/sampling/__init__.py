"""The trained model under test: what it generates, encodes and reconstructs."""
