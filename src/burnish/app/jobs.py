"""Jobs: long work in a process of its own, with progress that a page can follow and an end that it can ask for."""


class Jobs:
    """The long work of one server."""
