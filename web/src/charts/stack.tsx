// Shares of a whole as one bar, with its parts listed under it.

import "./charts.css";
import { thousands } from "../shared/format";
import type { Tone } from "./document";

export interface Part {
  name: string;
  n: number;
  tone: Tone;
  href?: string;
}

export function Stack({ title, parts }: { title: string; parts: readonly Part[] }) {
  const whole = Math.max(1, parts.reduce((sum, part) => sum + part.n, 0));
  let begun = 0;
  const placed = parts.map((part) => {
    const x = (100 * begun) / whole;
    begun += part.n;
    return { ...part, x: `${x}%`, width: `${(100 * part.n) / whole}%` };
  });
  return (
    <figure class="chart stack">
      <figcaption>{title}</figcaption>
      <svg width="100%" height="18" aria-hidden="true" focusable="false">
        {placed.map((part) => <rect key={part.name} class={`part tone-${part.tone}`} x={part.x} width={part.width} y="0" height="18" />)}
      </svg>
      <ul>
        {placed.map((part) => (
          <li key={part.name}>
            <svg width="11" height="11" aria-hidden="true"><rect class={`part tone-${part.tone}`} width="11" height="11" /></svg>
            {part.href === undefined ? part.name : <a href={part.href}>{part.name}</a>} <strong>{thousands(part.n)}</strong>
          </li>
        ))}
      </ul>
    </figure>
  );
}
