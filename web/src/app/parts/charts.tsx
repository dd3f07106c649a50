// Charts as columns of a table: the mark of each row, and one axis in the head for all of them.

import "../../charts/charts.css";
import { Axis, References } from "../../charts/axis";
import type { Dot } from "../../charts/document";
import { Mark } from "../../charts/mark";
import { scaleOf, type Drawn, type Scale } from "../../charts/scale";
import type { Column } from "./table";

export interface Plotted<T> {
  title: string;
  drawn: Drawn;
  scale: Scale;
  dot: (row: T) => Dot;
}

// `rows`: all that share the scale, also those that the table does not show now, so that sorting moves no dot.
export function plotted<T>(rows: readonly T[], dot: (row: T) => Dot, chart: Omit<Drawn, "dots"> & { title: string }): Plotted<T> {
  const drawn = { ...chart, dots: rows.map(dot) };
  return { title: chart.title, drawn, scale: scaleOf(drawn), dot };
}

export function plotColumn<T>(plot: Plotted<T>): Column<T> {
  return {
    name: "plot",
    class: "plot",
    title: <PlotHead plot={plot} />,
    cell: (row) => <Mark dot={plot.dot(row)} chart={plot.drawn} scale={plot.scale} />,
  };
}

function PlotHead<T>({ plot }: { plot: Plotted<T> }) {
  return (
    <span class="plot-head">
      {plot.title}
      <References chart={plot.drawn} scale={plot.scale} />
      <Axis scale={plot.scale} name="" />
    </span>
  );
}
