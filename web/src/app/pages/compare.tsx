// The comparison: two versions or two models on the same rows; by how much they differ, where, and on which rows.

import { useEffect } from "preact/hooks";
import { FlippedRows } from "../compare/flips";
import { Choose, sidesOf } from "../compare/choose";
import { Headline } from "../compare/headline";
import { Kept } from "../compare/kept";
import { SliceEffects } from "../compare/slices";
import type { Compared, Comparisons, Lineage } from "../documents";
import { useLoaded } from "../loaded";
import { Waiting } from "../parts/states";
import { param, setParams, version } from "../router";

export function ComparePage() {
  const [name] = version.value.split("@");
  const kept = useLoaded<Comparisons>("comparisons", { name });
  const known = useLoaded<Lineage>("versions", { name }).value?.lines.map((line) => line.version) ?? [];
  const sides = sidesOf(known);
  const key = param("key") ?? keptOf(kept.value, sides);
  return (
    <div class="page compare">
      <h1>Compare</h1>
      <Choose known={known} sides={sides} />
      {key !== null && <Answer key={key} of={key} />}
      <Waiting of={kept}>{(found) => <Kept comparisons={found.comparisons} />}</Waiting>
    </div>
  );
}

// What is chosen may have been compared before.
function keptOf(kept: Comparisons | null, sides: readonly string[]): string | null {
  if (param("of") === "models") return null;
  return kept?.comparisons.find((one) => one.v === sides[1] && one.labels.join() === sides.join())?.key ?? null;
}

function Answer({ of }: { of: string }) {
  const loaded = useLoaded<Compared>("compared", { key: of });
  return (
    <Waiting of={loaded}>
      {(compared) => <Shown compared={compared} />}
    </Waiting>
  );
}

function Shown({ compared }: { compared: Compared }) {
  // What is chosen above is of the kind that is shown.
  useEffect(() => setParams({ of: compared.models === null ? null : "models" }, { replace: true }), [compared.key]);
  return (
    <>
      <Headline compared={compared} />
      <SliceEffects compared={compared} />
      <FlippedRows compared={compared} />
    </>
  );
}
