"""Running trials: one protocol, ``Executor.submit -> Future``."""
