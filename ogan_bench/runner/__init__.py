"""One trial from its settings to its result, and all trials of a study."""
