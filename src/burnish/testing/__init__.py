"""For users and plug-in authors: planted data sets with known defects, contract tests for protocols."""
