"""Re-runs with one thing changed, paired by seed: probes that ask, and proofs that convict."""
