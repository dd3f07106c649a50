// A row as a person should see it: its content, beside its twin where there is one, and what is known of it as chips.

import type { ComponentChildren } from "preact";
import { percent, shortened } from "../../shared/format";
import { visible } from "../../shared/words";
import type { Row } from "../documents";
import { href } from "../router";
import { Audio } from "./audio";
import { Picture } from "./picture";
import { Record } from "./record";
import { Words } from "./words";

export interface RowCardProps {
  row: Row;
  role?: string | undefined;
  twin?: Row | undefined;
  differing?: readonly string[] | undefined;
  compact?: boolean;
  onOpen?: ((row: Row) => void) | undefined;
  // What comes before the content.
  lead?: ComponentChildren;
  children?: ComponentChildren;
}

export function RowCard({ row, role, twin, differing, compact = false, onOpen, lead, children }: RowCardProps) {
  return (
    <article class={`row-card${compact ? " compact" : ""}`} data-row={row.row_id} data-role={role}>
      <header>
        {role !== undefined && <span class="role">{role}</span>}
        <RowId row={row} onOpen={onOpen} />
        {row.distance != null && <span class="quiet n">distance {row.distance.toFixed(3)}</span>}
      </header>
      {lead}
      <RowContent row={row} twin={twin} differing={differing} compact={compact} />
      <RowChips row={row} twin={twin} compact={compact} />
      {children}
    </article>
  );
}

function RowId({ row, onOpen }: { row: Row; onOpen: ((row: Row) => void) | undefined }) {
  const text = visible(shortened(row.row_id, 60));
  const title = row.row_id.slice(0, 500);
  if (onOpen === undefined) return <a class="row-id" href={href("map", { row: row.row_id })} title={`${title}: show on the map`}>{text}</a>;
  return <button type="button" class="row-id" title={title} onClick={() => onOpen(row)}>{text}</button>;
}

type ContentProps = Pick<RowCardProps, "row" | "twin" | "differing" | "compact">;

export function RowContent({ row, twin, differing, compact = false }: ContentProps) {
  const media = Object.entries(row.media ?? {});
  const fields = row.fields ?? [];
  const bare = row.text == null && media.length === 0 && fields.length === 0;
  return (
    <div class="row-content">
      {media.map(([field, kind]) =>
        kind === "image" ? <Picture key={field} rowId={row.row_id} field={field} size={compact ? 64 : 192} /> : <Audio key={field} rowId={row.row_id} field={field} />,
      )}
      {row.text != null && <Words key={row.row_id} text={row.text} twin={twin?.text} cut={row.cut ?? false} rowId={row.row_id} compact={compact} />}
      {fields.length > 0 && !(compact && row.text != null) && (
        <Record fields={fields} twin={twin?.fields} differing={differing} leftOff={row.fields_left_off ?? 0} compact={compact} />
      )}
      {bare && <p class="quiet">Row {row.row + 1}: it holds vectors only.</p>}
    </div>
  );
}

export function RowChips({ row, twin, compact = false }: Pick<RowCardProps, "row" | "twin" | "compact">) {
  const odd = row.predicted != null && row.predicted !== row.label;
  return (
    <p class="chips">
      {row.evaluation === true ? <span class="chip locked">evaluation · locked</span> : row.split != null && <Chip of={row.split} />}
      {row.label != null && <Chip name="label" of={row.label} kind={twin !== undefined && twin.label !== row.label ? "differs" : ""} />}
      {odd && <Chip name="predicted" of={row.predicted ?? ""} kind={isNumber(row) ? "" : "differs"} after={row.predicted_proba == null ? "" : percent(row.predicted_proba, 0)} />}
      {row.cluster_name != null && !compact && <Chip name="cluster" of={row.cluster_name.replace(/^cluster /, "")} />}
      {row.codes?.map((one) => <span key={one} class="chip code">{one}</span>)}
      {row.tags?.map((one) => <Chip key={one} name="tag" of={one} />)}
      {row.decision != null && <span class="chip decision" data-action={row.decision.action}>{decisionText(row.decision)}</span>}
    </p>
  );
}

// A predicted number is hardly ever the label itself: that it differs says nothing.
const isNumber = (row: Row): boolean => row.predicted_proba == null && Number.isFinite(Number(row.predicted));

// The label of a regression, without digits that nobody reads.
const numeric = (text: string): string => (/^-?\d+\.\d{5,}$/.test(text) ? String(Number(Number(text).toPrecision(5))) : text);

function Chip({ name, of, kind = "", after = "" }: { name?: string; of: string; kind?: string; after?: string }) {
  return (
    <span class={`chip ${kind}`} title={of.length > 40 || numeric(of) !== of ? of.slice(0, 500) : undefined}>
      {name !== undefined && <span class="quiet">{name} </span>}<bdi>{of === "" ? "–" : visible(shortened(numeric(of), 40))}</bdi>
      {after !== "" && <span class="quiet"> {after}</span>}
    </span>
  );
}

const SAID = { accept: "accepted", reject: "rejected", relabel: "relabelled", drop: "dropped", skip: "skipped" } as const;

// What was decided, in words.
export function decisionText(decision: NonNullable<Row["decision"]>): string {
  const to = decision.action === "relabel" && decision.label != null ? ` to ${visible(shortened(decision.label, 40))}` : "";
  return `${SAID[decision.action]}${to}${decision.version == null ? "" : ` at ${visible(shortened(decision.version, 40))}`}`;
}
