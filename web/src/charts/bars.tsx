// A list of counts as bars, the longest as wide as there is room.

import "./charts.css";
import type { Tone } from "./document";

export interface Bar {
  name: string;
  n: number;
  numbers: string;
  href?: string;
  tone?: Tone;
}

export function Bars({ title, bars }: { title: string; bars: readonly Bar[] }) {
  const most = Math.max(1, ...bars.map((bar) => bar.n));
  const widest = Math.max(...bars.map((bar) => bar.numbers.length));
  return (
    <figure class="chart bars" style={{ "--numbers": `${widest}ch` }}>
      <figcaption>{title}</figcaption>
      <ul>
        {bars.map((bar) => (
          <li key={bar.name} class={`line tone-${bar.tone ?? "plain"}`}>
            <span class="name" title={bar.name}>{bar.href === undefined ? bar.name : <a href={bar.href}>{bar.name}</a>}</span>
            <svg class="mark" width="100%" height="26" aria-hidden="true" focusable="false">
              <rect class="bar" x="0" y="8" height="10" rx="2" width={`${(100 * bar.n) / most}%`} />
            </svg>
            <span class="numbers">{bar.numbers}</span>
          </li>
        ))}
      </ul>
    </figure>
  );
}
