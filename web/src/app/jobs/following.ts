// Long work: the list of jobs, each that is not over followed by server-sent events. They are read from the body of a
// request of ours, as EventSource could not send the token.

import { effect, signal } from "@preact/signals";
import { announce, said } from "../announce";
import { address, ask, get, post, send } from "../api";
import type { components } from "../schema";
import type { Job, Jobs, Version } from "../documents";
import { changed } from "../loaded";
import { pulse } from "../state";

export type JobAsked = components["schemas"]["JobAsked"];

const AGAIN_MILLISECONDS = 2_000;

export const jobs = signal<readonly Job[]>([]);
export const drawerOpen = signal(false);

export const isOver = (job: Job): boolean => job.state !== "waiting" && job.state !== "running";

const followed = new Set<string>();

type Wanted = Partial<JobAsked> & Pick<JobAsked, "kind" | "v">;

// Begins long work and shows it; what is asked for twice runs once.
export async function beginJob(asked: Wanted): Promise<Job> {
  const job = await post<Job>("jobs", { what: "pending", ...asked });
  const known = jobs.value.some((one) => one.id === job.id);
  update(job);
  drawerOpen.value = true;
  announce(`${job.title}: ${known ? `${job.state === "waiting" ? "waits for its turn" : "runs"} already` : "begun"}.`);
  return job;
}

// What there is to know of a version that was made: one after the other, as the server does it.
export async function beginAll(made: Version): Promise<void> {
  await beginJob({ kind: "audit", v: made.name });
  if (made.effect === null) await beginJob({ kind: "measure", v: made.name, what: "made" });
  if (made.parent !== null) await beginJob({ kind: "compare", v: made.parent, other: made.name });
}

export async function cancelJob(job: Job): Promise<void> {
  update((await (await send(`jobs/${encodeURIComponent(job.id)}`, undefined, "DELETE")).json()) as Job);
}

// Jobs that another tab began, or that ran before this page was loaded, are found by the pulse.
export function startJobs(): void {
  let known: number | null = null;
  effect(() => {
    const running = pulse.value?.jobs ?? null;
    if (running === null || running === known) return;
    known = running;
    void loadJobs();
  });
}

async function loadJobs(): Promise<void> {
  try {
    for (const job of (await get<Jobs>("jobs")).jobs.toReversed()) update(job);
  } catch {
    return; // the pulse says when the server is gone, and finds its jobs when it is back
  }
}

function update(job: Job): void {
  const before = jobs.value.find((one) => one.id === job.id);
  jobs.value = before === undefined ? [job, ...jobs.value] : jobs.value.map((one) => (one.id === job.id ? job : one));
  if (!isOver(job)) void follow(job.id);
  else if (before !== undefined && !isOver(before)) ended(job);
}

function ended(job: Job): void {
  if (job.state === "failed") said.value = { text: job.error ?? `${job.title} failed.`, remedy: job.remedy ?? "", bad: true };
  else announce(job.said ?? `${job.title}: ${job.state}.`);
  changed();
}

// A stream that breaks off before the end is asked for again, as the server may have started anew.
async function follow(id: string): Promise<void> {
  if (followed.has(id)) return;
  followed.add(id);
  try {
    const answer = await ask(address(`jobs/${encodeURIComponent(id)}/events`), { headers: { Accept: "text/event-stream" } });
    if (answer.body !== null) for await (const data of events(answer.body)) update(JSON.parse(data) as Job);
  } catch {
    // What is wrong with the server is said by the pulse.
  }
  if (!isOverNow(id)) await new Promise((resolve) => setTimeout(resolve, AGAIN_MILLISECONDS));
  followed.delete(id);
  if (!isOverNow(id)) void loadJobs();
}

function isOverNow(id: string): boolean {
  const job = jobs.value.find((one) => one.id === id);
  return job === undefined || isOver(job);
}

// The data of each event of a stream: events end with an empty line, and their data may have several.
export async function* events(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let held = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    held = (held + decoder.decode(part.value, { stream: true })).replaceAll("\r\n", "\n");
    const parts = held.split("\n\n");
    held = parts.pop() ?? "";
    for (const one of parts) {
      const data = one.split("\n").filter((line) => line.startsWith("data:"));
      if (data.length > 0) yield data.map((line) => line.slice(5).replace(/^ /, "")).join("\n");
    }
  }
}
