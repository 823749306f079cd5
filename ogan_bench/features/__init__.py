"""Feature spaces: extractors, their weights, and the cache of their features."""
