"""Every benchmark, one after the other: `python -m benchmarks [NAME …]`; `make bench` runs them all.

Each prints a Markdown table, and leaves its figures as JSON under benchmarks/results.
"""

import subprocess
import sys
import time

NAMES = (
    "speed", "labels", "duplicates", "outliers", "slices", "structure", "embedders", "trials", "curation",
    "measurement", "measuring", "comparison", "slice_effects", "values", "selection", "acquisition", "history",
    "app_server", "app_page",
)  # fmt: skip


def main() -> int:
    chosen = sys.argv[1:] or NAMES
    failed = []
    for name in chosen:
        print(f"\n## {name}\n", flush=True)
        started = time.perf_counter()
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
        print(f"\n({name}: {time.perf_counter() - started:.0f} s)", flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
