"""A folder to publish: results with their report, nets and provenance, described and hashed."""
