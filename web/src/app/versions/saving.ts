// A whole version as a file: asked for with the token, which a link could not send.

import { announce } from "../announce";
import { address, ask } from "../api";

export const FORMS = ["parquet", "csv", "jsonl"] as const;

export async function saveVersion(v: string, form: (typeof FORMS)[number]): Promise<void> {
  const blob = await (await ask(address("export", { v, form }))).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${v.replaceAll(/[^\w.@-]+/g, "_")}.${form}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  announce(`${link.download} was saved: all rows of ${v}.`);
}
