// Long work: what runs, how far it is, how to stop it, and where to look when it is done.

import { useEffect } from "preact/hooks";
import { thousands } from "../../shared/format";
import { attempt } from "../announce";
import type { Job } from "../documents";
import { cancelJob, drawerOpen, isOver, jobs, startJobs } from "../jobs/following";
import { useKeys } from "../keys";

export function JobsButton() {
  useEffect(startJobs, []);
  useKeys([{ keys: "g j", title: "Jobs", group: "Go to", run: toggle }], []);
  const open = drawerOpen.value;
  return (
    <>
      <button type="button" class="jobs-button" aria-expanded={open} aria-controls="jobs" title="Long work (g j)" onClick={toggle}>
        <Counted />
      </button>
      {open && <Drawer />}
    </>
  );
}

const toggle = (): void => {
  drawerOpen.value = !drawerOpen.value;
};

function Counted() {
  const active = jobs.value.filter((job) => !isOver(job));
  const now = active.find((job) => job.state === "running");
  if (active.length === 0) return <>Jobs</>;
  const share = now === undefined ? null : shareOf(now);
  return <>Jobs <span class="count">{active.length}</span>{share !== null && <progress max={1} value={share} aria-label="Progress" />}</>;
}

function Drawer() {
  useKeys([{ keys: "Escape", title: "Close the jobs", run: toggle }], []);
  return (
    <section id="jobs" class="drawer" aria-labelledby="jobs-title">
      <header><h2 id="jobs-title">Jobs</h2><button type="button" class="small" onClick={toggle}>Close</button></header>
      {jobs.value.length === 0 && <p class="quiet">No long work since the server started. Audits, measurements and comparisons show here.</p>}
      <ul>{jobs.value.map((job) => <JobLine key={job.id} job={job} />)}</ul>
    </section>
  );
}

// The work that is under way about a data set, on its own page.
export function JobsOf({ name }: { name: string }) {
  const active = jobs.value.filter((job) => !isOver(job) && job.v.split("@")[0] === name);
  if (active.length === 0) return null;
  return <ul class="plain under-way">{active.map((job) => <li key={job.id}>{job.title}<Progress job={job} /></li>)}</ul>;
}

function JobLine({ job }: { job: Job }) {
  return (
    <li data-job={job.id} data-state={job.state}>
      <p class="job-head"><strong>{job.title}</strong> <span class={STATE_TONES[job.state]}>{job.state}</span></p>
      {!isOver(job) && <Progress job={job} />}
      {job.state === "failed" && <p class="bad">{job.error} {job.remedy}</p>}
      {job.said != null && job.state !== "failed" && <p>{job.said}</p>}
      <p class="job-foot">
        <span class="quiet n">{Math.round(job.seconds ?? 0)} s</span>
        {job.href != null && job.state === "done" && <a href={job.href}>Look at the result</a>}
        {!isOver(job) && <button type="button" class="small" onClick={() => void attempt(() => cancelJob(job))}>Cancel</button>}
      </p>
    </li>
  );
}

const STATE_TONES = { waiting: "quiet", running: "", done: "good", failed: "bad", cancelled: "warn" } as const;

function Progress({ job }: { job: Job }) {
  const share = shareOf(job);
  const counted = job.total == null || job.total === 0 ? "" : `${thousands(job.done ?? 0)} of ${thousands(job.total)}`;
  // Each step has a bar of its own, from its beginning.
  const step = job.step === undefined || job.step === 0 ? "" : `Step ${job.step}: `;
  const stage = job.stage === undefined || job.stage === "" ? "Waits" : `${step}${job.stage}`;
  return (
    <>
      <progress class="wide" max={1} {...(share === null ? {} : { value: share })} aria-label={`Progress of ${job.title}`} />
      <p class="quiet">{stage} {counted}</p>
    </>
  );
}

const shareOf = (job: Job): number | null =>
  job.total == null || job.total === 0 ? null : Math.min(1, (job.done ?? 0) / job.total);
