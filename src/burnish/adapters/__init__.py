"""The outside world, a folder per protocol."""
