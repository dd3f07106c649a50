// What to do next: the first thing on the page.

import { attempt } from "../announce";
import type { Overview } from "../documents";
import { beginJob } from "../jobs/following";
import { WriteButton } from "../parts/writing";

export function Next({ advice }: { advice: Overview["next"] }) {
  if (advice.length === 0) return null;
  return (
    <section class="next" aria-labelledby="next-title">
      <h2 id="next-title">What to do next</h2>
      <ol>{advice.map((one) => <li key={one.text}><Step advice={one} /></li>)}</ol>
    </section>
  );
}

// Long work begins here; everything else is on a page of its own.
function Step({ advice: { text, href, job } }: { advice: Overview["next"][number] }) {
  if (job == null) return <a href={href}>{text}</a>;
  return <WriteButton onClick={() => void attempt(() => beginJob(job))}>{text}</WriteButton>;
}
