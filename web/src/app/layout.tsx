// The frame of every page: bar, what is wrong or new, the page itself, status line.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { after, choose, startTheme } from "../shared/theme";
import { visible } from "../shared/words";
import { complain, said } from "./announce";
import { Problem } from "./api";
import { Help } from "./parts/help";
import { JobsButton } from "./parts/jobs";
import { useKeys } from "./keys";
import { changed } from "./loaded";
import { PAGES, href, hrefOfVersion, open, page, version, type Page } from "./router";
import { enter } from "./session";
import { about, dataset, loadAbout, missing, newer, passed, pulse, readOnly, trouble } from "./state";

const TITLES: Record<Page, string> = {
  overview: "Overview", map: "Map", findings: "Findings", slices: "Slices", compare: "Compare", versions: "Versions",
};

export function Layout({ children }: { children: ComponentChildren }) {
  useKeys(
    PAGES.map((one) => ({ keys: `g ${one[0]}`, title: TITLES[one], group: "Go to", run: () => open(href(one)) })),
    [],
  );
  const nav = useRef<HTMLElement>(null);
  useEffect(() => nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" }), [page.value]);
  return (
    <>
      <a class="skip" href="#main">Skip to content</a>
      <header class="bar">
        <a class="brand" href={href("overview")}>burnish</a>
        <VersionChoice />
        <nav ref={nav} aria-label="Pages">
          {PAGES.map((one) => (
            <a key={one} href={href(one)} aria-current={page.value === one ? "page" : undefined}>{TITLES[one]}</a>
          ))}
        </nav>
        <JobsButton />
        <ThemeButton />
        <Help />
      </header>
      <Notices />
      <main id="main" tabIndex={-1} data-page={page.value}>{children}</main>
      <footer class="status">
        <span role="status" aria-live="polite" class={said.value.bad ? "bad" : ""}>
          {said.value.text} {said.value.remedy}
        </span>
        {said.value.act != null && <button type="button" class="small" onClick={said.value.act.run}>{said.value.act.title}</button>}
      </footer>
    </>
  );
}

function VersionChoice() {
  const known = about.value?.datasets ?? [];
  const newest = dataset.value?.n_versions ?? 0;
  const [name, number] = version.value.split("@");
  if (known.length === 0) return <span class="versions" />;
  return (
    <span class="versions">
      <select aria-label="Data set" value={name} onChange={(event) => open(hrefOfVersion(newestOf(event.currentTarget.value)))}>
        {known.map((one) => <option key={one.name} value={one.name}>{visible(one.name)}</option>)}
      </select>
      <select
        aria-label="Version" value={number}
        onChange={(event) => open(hrefOfVersion(`${name}@${event.currentTarget.value}`))}
      >
        {Array.from({ length: newest }, (_, i) => newest - i).map((one) => <option key={one} value={one}>{`v${one}`}</option>)}
      </select>
    </span>
  );
}

const newestOf = (name: string): string => about.value?.datasets.find((one) => one.name === name)?.newest ?? name;

function Notices() {
  return <div class="notices"><ReadOnly /><News /></div>;
}

function ReadOnly() {
  if (readOnly.value === "") return null;
  return (
    <p class="notice">
      {readOnly.value} What would change it is switched off; to work in it, copy it or make its folder writable.
    </p>
  );
}

// The app was started again while this page was open: with its new token the page goes on where it is.
function Locked() {
  const given = useRef<HTMLInputElement>(null);
  const goOn = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!(await enter(given.current?.value ?? ""))) throw new Problem("That is not the token of the app that runs here now.", "", 401);
    await loadAbout();
    changed();
  };
  return (
    <div class="notice bad" role="alert">
      <form onSubmit={(event) => void goOn(event).catch(complain)}>
        The app was started again, and has a new token.
        <label>The token, or the address that it printed <input ref={given} required autocomplete="off" spellcheck={false} /></label>
        <button>Go on</button>
      </form>
    </div>
  );
}

function News() {
  if (trouble.value?.status === 401) return <Locked />;
  if (trouble.value !== null) {
    return <p class="notice bad" role="alert">{trouble.value.message} {trouble.value.remedy}</p>;
  }
  if (missing.value !== null) return null;
  if (newer.value !== null) {
    return (
      <p class="notice" role="status">
        {newer.value} is newer than the version on this page. <a href={hrefOfVersion(newer.value)}>Open it</a>
        <button type="button" class="bare small" onClick={() => { passed.value = newer.value ?? ""; }}>Close</button>
      </p>
    );
  }
  return pulse.value?.opening === true ? <p class="notice" role="status">Reading {version.value} …</p> : null;
}

const chosen = startTheme();

function ThemeButton() {
  const choice = useSignal(chosen);
  const next = (): void => {
    choice.value = after(choice.value);
    choose(choice.value);
  };
  return <button type="button" onClick={next} title="Light, dark, or as the system"><span class="roomy">Theme: </span>{choice.value}</button>;
}
