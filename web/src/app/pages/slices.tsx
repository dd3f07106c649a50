// The slices: groups of rows on which the model does better or worse, the worst first, each of them on the map.

import { useRef } from "preact/hooks";
import type { SliceLine, Slices } from "../documents";
import { useKeys } from "../keys";
import { useLoaded } from "../loaded";
import { NotAudited } from "../overview/audit";
import { Waiting } from "../parts/states";
import { Pager, Table, offsetOf, sorted } from "../parts/table";
import { href, open, param, setParams, version } from "../router";
import { pulse } from "../state";
import { ConfusedPairs } from "../slices/confused";
import { ORIGINS, columnsOf, idOf, onMap } from "../slices/columns";

const SIZE = 100;
const CONFUSED = "confused";

export function SlicesPage() {
  const audited = pulse.value?.audited ?? null;
  const loaded = useLoaded<Slices>(audited === true ? "slices" : null, { v: version.value });
  return (
    <div class="page slices">
      <h1>Slices</h1>
      {audited === false ? <NotAudited v={version.value} /> : <Waiting of={loaded}>{(slices) => <Shown slices={slices} />}</Waiting>}
    </div>
  );
}

function Shown({ slices }: { slices: Slices }) {
  const origin = param("origin");
  const columns = columnsOf(slices);
  const order = param("sort");
  const kept = sorted(slices.slices.filter((one) => origin === null || one.mask === origin), columns, order);
  const from = offsetOf("from");
  const rows = kept.slice(from, from + SIZE);
  const at = param("at");
  useSliceKeys(rows, at);
  if (slices.slices.length === 0 && slices.n_confused === 0) return <Empty />;
  const origins = <Origins slices={slices} chosen={origin} />;
  if (origin === CONFUSED) return <>{origins}<ConfusedPairs slices={slices} /></>;
  return (
    <>
      {origins}
      {slices.overall === null && <p class="quiet note">No metric: it takes labels of two classes or more, and predictions of rows that the model has not learned from.</p>}
      <Table caption="Slices" columns={columns} rows={rows} id={idOf} at={at} />
      <Pager total={kept.length} size={SIZE} name="from" />
      {slices.overall !== null && (
        <p class="quiet note">
          A filled diamond: worse than the rest beyond chance. The q value, of found slices only, tells how often the whole search finds one so weak where all is
          chance; it leaves out the rows of slices found before, while metric and gap are of all rows of a slice. Intervals are of 95 %, and each holds by itself: of
          slices that a search found, metric and gap look a little worse than they are.
        </p>
      )}
    </>
  );
}

function useSliceKeys(rows: readonly SliceLine[], at: string | null): void {
  const latest = useRef({ rows, at });
  latest.current = { rows, at };
  const move = (by: number) => (): void => {
    const now = latest.current.rows;
    const place = now.findIndex((one) => idOf(one) === latest.current.at);
    const next = now[place === -1 ? (by > 0 ? 0 : now.length - 1) : Math.min(now.length - 1, Math.max(0, place + by))];
    if (next === undefined) return;
    setParams({ at: idOf(next) }, { replace: true });
    document.querySelector(`tr[data-id="${CSS.escape(idOf(next))}"]`)?.scrollIntoView({ block: "nearest" });
  };
  const show = (): void => {
    const found = latest.current.rows.find((one) => idOf(one) === latest.current.at);
    if (found !== undefined) open(onMap(found));
  };
  useKeys(
    [
      { keys: "j", title: "Next slice", run: move(1) },
      { keys: "k", title: "Slice before", run: move(-1) },
      { keys: "Enter", title: "Show the slice on the map", run: show },
    ],
    [],
  );
}

function Origins({ slices: { slices, n_confused: confused }, chosen }: { slices: Slices; chosen: string | null }) {
  const counted = (["slice", "set", "cluster"] as const).map((one) => [one, slices.filter((line) => line.mask === one).length] as const);
  const choose = (origin: string | null) => (): void => setParams({ origin, from: null, at: null });
  return (
    <div class="choices" role="group" aria-label="Which slices">
      <button type="button" aria-pressed={chosen === null} onClick={choose(null)}>all <span class="count">{slices.length}</span></button>
      {counted.filter(([, n]) => n > 0).map(([one, n]) => (
        <button key={one} type="button" aria-pressed={chosen === one} onClick={choose(one)}>{ORIGINS[one]} <span class="count">{n}</span></button>
      ))}
      {confused > 0 && <button type="button" aria-pressed={chosen === CONFUSED} onClick={choose(CONFUSED)}>confused labels <span class="count">{confused}</span></button>}
    </div>
  );
}

function Empty() {
  return (
    <section class="empty">
      <h2>No slice yet.</h2>
      <p>
        No group of rows was found to do worse than the rest, and nobody has named one. On the <a href={href("map")}>map</a>, select rows and
        name them as a slice: the model is then judged on them, too.
      </p>
    </section>
  );
}
