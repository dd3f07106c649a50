"""Formulas: texts that a spreadsheet would run, and how they are kept from it.

Only files that people open in a spreadsheet are guarded; data for programs stays as it is.
"""

import pyarrow as pa
import pyarrow.compute as pc

RUN = "=+-@\t\r\n\0"
"""What a cell begins with that a spreadsheet runs (OWASP, "CSV Injection", and ASVS 5.0, 1.2.10)."""
GUARD = "'"
STARTS = (*RUN, GUARD)
"""A cell that begins with the guard gets one too, so that it comes back as it was."""


def guarded(cell: str) -> str:
    """Give a cell that no spreadsheet takes for a formula."""
    return f"{GUARD}{cell}" if cell.startswith(STARTS) else cell


def unguarded(cell: str) -> str:
    """Give the cell as it was before `guarded`."""
    return cell[1:] if cell.startswith(GUARD) and cell[1:].startswith(STARTS) else cell


def guarded_cells(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give texts as `guarded` gives each; null, and cells of another type, stay as they are."""
    if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
        return cells
    plain = cells.cast(pa.large_string())
    signs = "".join(rf"\x{ord(sign):02x}" for sign in STARTS)
    risky = pc.match_substring_regex(plain, f"^[{signs}]")
    guard, nothing = (pa.scalar(text, pa.large_string()) for text in (GUARD, ""))
    return pc.if_else(risky, pc.binary_join_element_wise(guard, plain, nothing), plain)
