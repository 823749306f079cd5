"""Runs single trials and whole studies."""
