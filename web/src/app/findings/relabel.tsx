// Which label a row should have: the likeliest ten by number, any other by a few letters and Enter; Escape leaves.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { percent, plural, shortened } from "../../shared/format";
import { visible } from "../../shared/words";
import type { FindingDetail } from "../documents";

const NUMBERED = 10;

interface RelabelProps {
  labels: readonly string[];
  detail: FindingDetail;
  onChosen: (label: string) => void;
  onLeave: () => void;
}

export function Relabel({ labels, detail, onChosen, onLeave }: RelabelProps) {
  const [typed, setTyped] = useState("");
  const first = useRef<HTMLButtonElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const found = matching(labels, typed);
  const shown = found.slice(0, NUMBERED);
  const likely = new Map(detail.likely.map((one) => [one.label, one.probability]));
  // Before the next key: what is typed at once is a label, and no command.
  useLayoutEffect(() => first.current?.focus(), []);
  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inField = event.target === field.current;
    const number = /^[0-9]$/.test(event.key) && !inField ? (Number(event.key) + 9) % 10 : null;
    const label = number !== null ? shown[number] : event.key === "Enter" && inField ? (shown[0] ?? typed.trim()) || undefined : undefined;
    if (event.key === "Escape") onLeave();
    else if (label !== undefined) onChosen(label);
    else if (!inField && event.key.length === 1 && event.key !== " " && number === null) return begin(event);
    else if (inField || number === null) return;
    event.preventDefault();
    event.stopPropagation();
  };
  // A letter goes into the field, from wherever in this part.
  const begin = (event: KeyboardEvent): void => {
    event.stopPropagation();
    field.current?.focus();
  };
  return (
    <section class="relabel" aria-labelledby="relabel-title" onKeyDown={press}>
      <p id="relabel-title"><strong>Relabel to</strong> <span class="quiet">press a number, or type a few letters and Enter; Escape leaves</span></p>
      <div class="label-choices">
        {shown.map((label, i) => (
          <button key={label} ref={i === 0 ? first : null} type="button" onClick={() => onChosen(label)}>
            <kbd aria-hidden="true">{(i + 1) % 10}</kbd> <bdi title={label.slice(0, 500)}>{visible(shortened(label, 36))}</bdi>
            {likely.has(label) && <span class="quiet n">{percent(likely.get(label) ?? 0, 0)}</span>}
          </button>
        ))}
      </div>
      <p class="typed">
        <input
          ref={field} type="text" aria-label="Label to type ahead" placeholder="Type a label" value={typed} autocomplete="off" spellcheck={false}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <span class="quiet" role="status">{hint(found, typed, detail.labels_left_off ?? 0)}</span>
        <button type="button" class="small" onClick={onLeave}>Leave</button>
      </p>
    </section>
  );
}

// Labels that begin with the text come before those that only hold it.
function matching(labels: readonly string[], typed: string): readonly string[] {
  const sought = typed.trim().toLowerCase();
  if (sought === "") return labels;
  const rank = (label: string): number => {
    const lower = label.toLowerCase();
    return lower === sought ? 0 : lower.startsWith(sought) ? 1 : lower.includes(sought) ? 2 : 3;
  };
  return labels.map((label) => ({ label, at: rank(label) })).filter((one) => one.at < 3).toSorted((a, b) => a.at - b.at).map((one) => one.label);
}

// A label that is not listed may be given, too: a class that no row has yet, or one of too many to list.
function hint(found: readonly string[], typed: string, leftOff: number): string {
  const more = found.length - NUMBERED + leftOff;
  if (typed.trim() === "") return more > 0 ? `${plural(more, "more label")}: type to find one.` : "";
  const [first] = found;
  if (first !== undefined) return `Enter: ${visible(shortened(first, 60))}`;
  return `Enter: ${visible(shortened(typed.trim(), 60))}, ${leftOff > 0 ? "which is not listed" : "a new label"}`;
}
