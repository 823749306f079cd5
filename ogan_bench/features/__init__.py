"""Feature spaces: extractors, their weights, and the cache of what they gave."""
