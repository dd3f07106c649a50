// What stands in place of findings where a version was not audited: it is said, and can be done from here.

import { attempt } from "../announce";
import { beginJob } from "../jobs/following";
import { WriteButton } from "../parts/writing";

export function AuditButton({ v, small = false }: { v: string; small?: boolean }) {
  const begin = (): void => void attempt(() => beginJob({ kind: "audit", v }));
  return <WriteButton class={small ? "small" : "primary"} onClick={begin}>Audit {v}</WriteButton>;
}

export function NotAudited({ v }: { v: string }) {
  return (
    <section class="empty">
      <h2>{v} has not been audited.</h2>
      <p>
        An audit embeds the rows, finds copies, leaks, suspect labels, outliers and weak slices, and draws the map. Most of what is known of
        the version that this one was made from is used again. What <code>burnish gc</code> removed of an earlier audit is made again, too.
      </p>
      <AuditButton v={v} />
    </section>
  );
}
