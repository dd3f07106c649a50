// The comparison: two versions or two models on the same rows; by how much they differ, where, and on which rows.

import { FlippedRows } from "../compare/flips";
import { Choose } from "../compare/choose";
import { Headline } from "../compare/headline";
import { Kept } from "../compare/kept";
import { SliceEffects } from "../compare/slices";
import type { Compared, Comparisons } from "../documents";
import { useLoaded } from "../loaded";
import { Waiting } from "../parts/states";
import { param, version } from "../router";

export function ComparePage() {
  const [name] = version.value.split("@");
  const key = param("key");
  const kept = useLoaded<Comparisons>("comparisons", { name });
  return (
    <div class="page compare">
      <h1>Compare</h1>
      <Choose />
      {key !== null && <Answer key={key} of={key} />}
      <Waiting of={kept}>{(found) => <Kept comparisons={found.comparisons} />}</Waiting>
    </div>
  );
}

function Answer({ of }: { of: string }) {
  const loaded = useLoaded<Compared>("compared", { key: of });
  return (
    <Waiting of={loaded}>
      {(compared) => (
        <>
          <Headline compared={compared} />
          <SliceEffects compared={compared} />
          <FlippedRows compared={compared} />
        </>
      )}
    </Waiting>
  );
}
