// The ledger: every edit that made the version, with its reason and who decided it.

import { plural } from "../../shared/format";
import type { Ledger } from "../documents";
import { useLoaded } from "../loaded";
import { Waiting } from "../parts/states";
import { Pager, Table, offsetOf, type Column } from "../parts/table";
import { version } from "../router";

type Line = Readonly<Record<string, unknown>>;

const SIZE = 100;
const text = (value: unknown): string => (value === null || value === undefined ? "" : String(value));

const COLUMNS: Column<Line>[] = [
  { name: "row", title: "row", cell: (one) => <span class="row-id">{text(one["row_id"])}</span> },
  { name: "action", title: "edit", cell: editOf },
  { name: "code", title: "code", cell: (one) => <span class="code">{text(one["code"])}</span> },
  { name: "reason", title: "reason", class: "wide", cell: (one) => text(one["reason"]) },
  { name: "by", title: "decided by", class: "spare", cell: (one) => text(one["decided_by"]) },
];

export function LedgerTable() {
  const from = offsetOf("from");
  const loaded = useLoaded<Ledger>("ledger", { v: version.value, offset: from, limit: SIZE });
  return (
    <Waiting of={loaded}>
      {(ledger) => ledger.total === 0
        ? <p class="quiet">No edit made {version.value}.</p>
        : (
          <>
            <p class="quiet">{plural(ledger.total, "edit")} made {version.value}.</p>
            <Table caption={`Edits that made ${version.value}`} columns={COLUMNS} rows={ledger.lines} id={(one) => `${text(one["row_id"])} ${text(one["action"])}`} />
            <Pager total={ledger.total} size={SIZE} name="from" />
          </>
        )}
    </Waiting>
  );
}

function editOf(one: Line): string {
  const [action, before, after] = [text(one["action"]), text(one["old_label"]), text(one["label"])];
  return before !== "" && after !== "" && before !== after ? `${action}: ${before} → ${after}` : action;
}
