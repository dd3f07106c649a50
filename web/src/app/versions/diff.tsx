// What lies between two versions: the model, rows, findings, clusters, fields.

import { plural, thousands } from "../../shared/format";
import type { Diff, Lineage } from "../documents";
import { useLoaded } from "../loaded";
import { EffectLine } from "../parts/effect";
import { Waiting } from "../parts/states";
import { param, setParams, version } from "../router";
import { ClusterTable, FindingTable, RowTable, ShiftTable } from "./differences";

export function DiffPanel({ lineage }: { lineage: Lineage }) {
  const known = lineage.lines.map((line) => line.version);
  const here = known.find((one) => one.name === version.value);
  const a = param("a") ?? here?.parent ?? known.find((one) => one.name !== version.value)?.name ?? null;
  const loaded = useLoaded<Diff>(a === null ? null : "diff", { a, b: version.value });
  if (a === null) return <p class="quiet">{version.value} is the only version.</p>;
  return (
    <>
      <label class="from">
        From{" "}
        <select value={a} onChange={(event) => setParams({ a: event.currentTarget.value })}>
          {known.filter((one) => one.name !== version.value).map((one) => <option key={one.name} value={one.name}>{[one.name, ...one.tags].join(" · ")}</option>)}
        </select>{" "}
        to {version.value}
      </label>
      <Waiting of={loaded}>{(diff) => <Shown diff={diff} />}</Waiting>
    </>
  );
}

const WORDS: Record<string, string> = { in: "new", out: "gone", relabelled: "relabelled", rewritten: "rewritten" };

function Shown({ diff }: { diff: Diff }) {
  const told = Object.entries(diff.counts).filter(([, n]) => n > 0).map(([what, n]) => `${thousands(n)} ${WORDS[what] ?? what}`);
  return (
    <div class="diff">
      <p><strong>{told.length === 0 ? "The rows are the same" : `Rows: ${told.join(", ")}`}</strong>; {thousands(diff.n_rows[0] ?? 0)} → {plural(diff.n_rows[1] ?? 0, "row")}.</p>
      {diff.effect !== null && <p><EffectLine effect={diff.effect} /></p>}
      <FindingTable findings={diff.findings} />
      <ClusterTable clusters={diff.clusters} />
      <ShiftTable shifts={diff.shifts} />
      <RowTable rows={diff.rows} leftOff={diff.rows_left_off} />
    </div>
  );
}
