"""Ways that users go: from a command to an answer, a paper, an encoder."""
