// The frame of every page: bar, what is wrong or new, the page itself, status line.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { after, choose, startTheme } from "../shared/theme";
import { visible } from "../shared/words";
import { said } from "./announce";
import { Help } from "./parts/help";
import { JobsButton } from "./parts/jobs";
import { useKeys } from "./keys";
import { PAGES, href, hrefOfVersion, open, page, version, type Page } from "./router";
import { about, dataset, missing, newer, pulse, trouble } from "./state";

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
  if (trouble.value !== null) {
    return <p class="notice bad" role="alert">{trouble.value.message} {trouble.value.remedy}</p>;
  }
  if (missing.value !== null) return null;
  if (newer.value !== null) {
    return (
      <p class="notice" role="status">
        {newer.value} is newer than the version on this page. <a href={hrefOfVersion(newer.value)}>Open it</a>
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
