// The given label beside what the probe holds likely, with its probabilities.

import { percent, shortened } from "../../shared/format";
import { visible } from "../../shared/words";
import type { FindingDetail } from "../documents";

const SHOWN = 6;

export function Likely({ detail }: { detail: FindingDetail }) {
  const { given_label: given, edits, label_shown: shownLabel } = detail.item;
  // A label that nobody can accept, as of an evaluation row, is only a likely one.
  const suggested = shownLabel ?? (edits === true ? detail.item.suggested_label : null);
  if (detail.likely.length === 0) return null;
  const first = detail.likely.slice(0, SHOWN);
  const further = detail.likely.find((one, i) => i >= SHOWN && one.label === given);
  const shown = further === undefined ? first : [...first, further];
  return (
    <section class="likely" aria-labelledby="likely-title">
      <h3 id="likely-title">{suggested == null ? "Label and likely labels" : "Given against suggested label"}</h3>
      <table>
        <thead class="hidden"><tr><th>Label</th><th>Probability</th></tr></thead>
        <tbody>
          {shown.map(({ label, probability }) => (
            <tr key={label} class={label === suggested ? "suggested" : ""}>
              <th scope="row">
                <bdi title={label.slice(0, 500)}>{visible(shortened(label, 40))}</bdi>
                {label === given && <span class="tag">given</span>}
                {label === suggested && <span class="tag">suggested</span>}
              </th>
              <td class="bar-cell"><span class="bar-of"><span style={{ width: `${100 * probability}%` }} /></span></td>
              <td class="n">{percent(probability)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {given != null && !shown.some((one) => one.label === given) && (
        <p class="quiet">Given: <bdi>{visible(shortened(given, 60))}</bdi>, which is not among the likely labels.</p>
      )}
      <p class="quiet">Probabilities of the probe, out of sample: it did not train on the row nor on a copy of it.</p>
    </section>
  );
}
