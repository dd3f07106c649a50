// The fields of a row; those that differ from its twin are marked, with a sign and not by color alone.

import { useState } from "preact/hooks";
import { plural, shortened } from "../../shared/format";
import { visible } from "../../shared/words";

const SHOWN = 12;
const SHOWN_COMPACT = 4;
const VALUE_CHARACTERS = 400;

interface RecordProps {
  fields: readonly (readonly [string, string])[];
  twin?: readonly (readonly [string, string])[] | undefined;
  differing?: readonly string[] | undefined;
  // Fields that the row has and the server did not tell.
  leftOff?: number;
  compact?: boolean;
}

export function Record({ fields, twin, differing, leftOff = 0, compact = false }: RecordProps) {
  const [whole, setWhole] = useState(false);
  const other = new Map(twin);
  // Values that were cut may differ further on: the server tells in which fields the rows of a finding do.
  const differs = (name: string, value: string): boolean =>
    twin !== undefined && (other.get(name) !== value || (value.endsWith("…") && differing?.includes(name) === true));
  const ordered = fields.toSorted((a, b) => Number(differs(...b)) - Number(differs(...a)));
  const shown = whole ? ordered : ordered.slice(0, compact ? SHOWN_COMPACT : SHOWN);
  const left = ordered.length - shown.length;
  return (
    <>
      <dl class="record">
        {shown.map(([name, value]) => <Field key={name} name={name} value={value} differs={differs(name, value)} />)}
      </dl>
      {left > 0 && !compact && (
        <p><button type="button" class="small" onClick={() => setWhole(true)}>Show {plural(left, "more field")}</button></p>
      )}
      {left === 0 && leftOff > 0 && <p class="quiet">{plural(leftOff, "more field")}, not shown here.</p>}
    </>
  );
}

function Field({ name, value, differs }: { name: string; value: string; differs: boolean }) {
  const text = value === "" ? "–" : visible(shortened(value, VALUE_CHARACTERS));
  return (
    <div class={differs ? "differs" : ""}>
      <dt>{differs && <span class="sign" title="differs">≠<span class="hidden"> differs: </span></span>}{visible(shortened(name, 60))}</dt>
      <dd dir="auto">{differs ? <mark>{text}</mark> : text}</dd>
    </div>
  );
}
