// A text as it is: data, never markup; the words that its twin has not are marked, and long texts are cut.

import { useMemo, useState } from "preact/hooks";
import { thousands } from "../../shared/format";
import { compared, visible, type Piece } from "../../shared/words";
import { attempt } from "../announce";
import { get } from "../api";
import type { RowDetail } from "../documents";
import { version } from "../router";

const SHOWN = 1_200;
const SHOWN_COMPACT = 240;
// The most that the page takes of one text, also when all is asked for: a cell of many megabytes would freeze it.
const MOST = 100_000;

interface WordsProps {
  text: string;
  twin?: string | null | undefined;
  cut?: boolean;
  rowId?: string;
  compact?: boolean;
}

export function Words({ text, twin, cut = false, rowId, compact = false }: WordsProps) {
  const [whole, setWhole] = useState<string | null>(null);
  const limit = whole !== null ? MOST : compact ? SHOWN_COMPACT : SHOWN;
  const shown = useMemo(() => {
    const all = visible((whole ?? text).slice(0, MOST));
    return windowed(twin == null ? [{ text: all, differs: false }] : compared(all, visible(twin.slice(0, MOST))), limit);
  }, [whole, text, twin, limit]);
  const more = (cut && whole === null && rowId !== undefined) || shown.before || shown.after;
  const showAll = (event: Event): void => {
    event.stopPropagation();
    if (!cut || rowId === undefined) setWhole(text);
    else void attempt(async () => setWhole((await get<RowDetail>("row", { v: version.value, row_id: rowId })).row.text ?? ""));
  };
  if (text.trim() === "") return <p class="text"><em class="quiet">{text === "" ? "empty text" : "blank text"}</em></p>;
  return (
    <>
      <p class="text" dir="auto">
        {shown.before ? "… " : ""}
        {shown.pieces.map((one, i) => (one.differs ? <mark key={i}>{one.text}</mark> : one.text))}
        {shown.after || (cut && whole === null) ? " …" : ""}
      </p>
      {whole === null && more && !compact && <p><button type="button" class="small" onClick={showAll}>Show all of the text</button></p>}
      {whole !== null && whole.length > MOST && (
        <p class="quiet">The first {thousands(MOST)} of {thousands(whole.length)} characters.</p>
      )}
    </>
  );
}

interface Shown {
  pieces: Piece[];
  before: boolean;
  after: boolean;
}

// At most `limit` characters around the first word that differs.
function windowed(pieces: readonly Piece[], limit: number): Shown {
  const total = pieces.reduce((sum, one) => sum + one.text.length, 0);
  if (total <= limit) return { pieces: [...pieces], before: false, after: false };
  const first = pieces.findIndex((one) => one.differs);
  const ahead = pieces.slice(0, Math.max(0, first)).reduce((sum, one) => sum + one.text.length, 0);
  const start = ahead < limit / 2 ? 0 : Math.min(ahead - Math.floor(limit / 3), total - limit);
  const kept: Piece[] = [];
  let at = 0;
  for (const one of pieces) {
    const text = one.text.slice(Math.max(0, start - at), Math.max(0, start + limit - at));
    if (text !== "") kept.push({ text, differs: one.differs });
    at += one.text.length;
  }
  return { pieces: kept, before: start > 0, after: start + limit < total };
}
