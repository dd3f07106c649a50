"""One module per topic: the step that gathers evidence, the check that judges it."""
