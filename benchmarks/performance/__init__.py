"""What burnish's kernels cost beside the fastest libraries: docs/performance.md tells how it is measured."""
