"""The worker: the process that runs a submission's code, and is trusted with nothing."""
