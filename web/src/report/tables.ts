// Sorting of tables by a click on a column title.

export function makeSortable(table: HTMLTableElement): void {
  const titles = [...table.querySelectorAll<HTMLTableCellElement>("thead th")];
  titles.forEach((title, column) => {
    if (title.textContent === "") return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...title.childNodes);
    title.append(button);
    button.addEventListener("click", () => {
      const ascending = title.getAttribute("aria-sort") === "descending";
      for (const other of titles) other.removeAttribute("aria-sort");
      title.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      sort(table, column, ascending ? 1 : -1);
    });
  });
}

function sort(table: HTMLTableElement, column: number, direction: number): void {
  const body = table.tBodies[0];
  if (body === undefined) return;
  const lines = [...body.rows].map((row) => ({ row, key: keyOf(row.cells[column]) }));
  lines.sort((a, b) => direction * compare(a.key, b.key));
  body.append(...lines.map((line) => line.row));
}

function keyOf(cell: HTMLTableCellElement | undefined): number | string {
  if (cell === undefined) return "";
  const value = cell.dataset["value"];
  return value === undefined ? (cell.textContent ?? "") : Number(value);
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}
