"""Renders an analysis: pages, tables, figures and the live view."""
