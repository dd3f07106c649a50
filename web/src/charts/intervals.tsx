// A chart of values with intervals, a line each: names left, numbers right, so that all of it is text as well.

import "./charts.css";
import { Axis, References } from "./axis";
import type { Chart } from "./document";
import { Mark } from "./mark";
import { scaleOf, sentence } from "./scale";

export function Intervals({ chart }: { chart: Chart }) {
  if (chart.dots.length === 0) return null;
  const scale = scaleOf(chart);
  const numbers = chart.dots.map((dot) => sentence(scale, dot));
  const widest = Math.max(...numbers.map((text) => text.length));
  return (
    <figure class="chart intervals" style={{ "--numbers": `${widest}ch` }}>
      <figcaption>{chart.title}{chart.note ? <small>{chart.note}</small> : null}</figcaption>
      <div class="line"><References chart={chart} scale={scale} /></div>
      <ul>
        {chart.dots.map((dot, i) => (
          <li key={i} class="line">
            <span class="name" title={dot.name}>{dot.name}</span>
            <Mark dot={dot} chart={chart} scale={scale} />
            <span class="numbers">{numbers[i]}</span>
          </li>
        ))}
      </ul>
      <div class="line"><Axis scale={scale} name={chart.axis} /></div>
    </figure>
  );
}
