"""Every error that a caller may catch: what is wrong with the value seen, and what to do about it."""

import difflib
from collections.abc import Iterable


class BurnishError(Exception):
    """Say what is wrong in one line and, in `remedy`, what to do about it.

    The command line prints both and leaves with `exit_code`.
    """

    exit_code = 3

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.args[0]} {self.remedy}"


class UsageError(BurnishError):
    """An option or argument has a value that cannot be used."""


class InputError(BurnishError):
    """The source cannot be read, or what it holds cannot be used."""


class MissingFieldError(InputError):
    """A field was named that the source does not have."""


class MissingExtraError(BurnishError):
    """An optional dependency is needed and not installed."""


class LockedRowsError(BurnishError):
    """A changeset touches rows of the evaluation split, which no command may edit."""


class StaleChangesetError(BurnishError):
    """A changeset was made for another version of the data set."""


class EmbedderError(BurnishError):
    """An embedder failed or gave vectors that cannot be used."""


class ModelError(BurnishError):
    """A model failed to train or predict."""


class OutputError(BurnishError):
    """The output folder or workspace cannot be written."""


class ReadOnlyError(OutputError):
    """The workspace, or a part of it, may be read and not written: by whoever works here, or where it is mounted."""


class DamagedFileError(InputError):
    """A file of the workspace is not as it was written."""


class NotThereError(InputError):
    """Something was named that is not there: a version, a comparison, a row, its picture, a job."""


class UnknownVersionError(NotThereError):
    """A data set or version was named that the workspace does not have."""


def nearest(name: object, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Give the hint "Did you mean 'accuracy'? " for a name that is like a known one, else nothing."""
    near = difflib.get_close_matches(str(name), list(known), n=1, cutoff=cutoff)
    return f"Did you mean {near[0]!r}? " if near else ""
