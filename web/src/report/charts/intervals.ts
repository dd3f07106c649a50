// A chart of values with intervals, one line each, against reference lines and a shaded range.

import { element } from "../dom";
import { color } from "../../shared/theme";
import { init, type ECharts } from "./library";

export interface Dot {
  name: string;
  value: number;
  low: number;
  high: number;
  tone: "plain" | "good" | "bad" | "quiet";
}

export interface Chart {
  title: string;
  axis: string;
  dots: Dot[];
  percent: boolean;
  difference: boolean;
  references: [number, string][];
  band: [number, number] | null;
}

interface Api {
  value(dimension: number): number;
  coord(point: [number, number]): [number, number];
}

export function drawChart(box: HTMLElement, chart: Chart): ECharts {
  const drawn = init(box, null, { renderer: "svg" });
  paint(drawn, chart, box.clientWidth);
  return drawn;
}

export function paint(drawn: ECharts, chart: Chart, width: number): void {
  drawn.setOption(options(chart, width), { notMerge: true });
}

function options(chart: Chart, width: number): Record<string, unknown> {
  const ink = color("--ink");
  const quiet = color("--quiet");
  const narrow = width < 480;
  const names = narrow ? 112 : Math.min(300, Math.max(150, Math.round(width * 0.27)));
  const [low, high] = extent(chart);
  return {
    animation: false,
    aria: { enabled: true, label: { description: describe(chart) } },
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink },
    grid: { left: names + 14, right: narrow ? 18 : 34, top: 30, bottom: 40 },
    tooltip: {
      trigger: "item",
      confine: true,
      backgroundColor: color("--panel"),
      borderColor: color("--line"),
      textStyle: { color: ink, fontSize: 13 },
      formatter: (point: { dataIndex: number }) => tooltip(chart, point.dataIndex),
    },
    xAxis: {
      type: "value",
      min: low,
      max: high,
      name: chart.axis,
      nameLocation: "middle",
      nameGap: 25,
      nameTextStyle: { color: quiet, fontSize: 12 },
      splitNumber: narrow ? 3 : 5,
      axisLabel: { color: quiet, fontSize: 12, hideOverlap: true, showMinLabel: false, showMaxLabel: false, formatter: (v: number) => shown(v, chart, 0) },
      splitLine: { showMinLine: false, showMaxLine: false, lineStyle: { color: color("--line") } },
    },
    yAxis: {
      type: "category",
      inverse: true,
      data: chart.dots.map((dot) => dot.name),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: ink, fontSize: 13, width: names, overflow: "truncate", interval: 0 },
    },
    series: [intervals(chart), dots(chart)],
  };
}

function intervals(chart: Chart): object {
  return {
    type: "custom",
    silent: true,
    z: 2,
    encode: { x: [0, 1], y: 2 },
    data: chart.dots.map((dot, i) => [dot.low, dot.high, i]),
    renderItem: (_: unknown, api: Api) => {
      const [left, y] = api.coord([api.value(0), api.value(2)]);
      const [right] = api.coord([api.value(1), api.value(2)]);
      const tone = toneColor(chart.dots[api.value(2)]);
      const line = (x1: number, y1: number, x2: number, y2: number): object => ({
        type: "line",
        shape: { x1, y1, x2, y2 },
        style: { stroke: tone, lineWidth: 2 },
      });
      return {
        type: "group",
        children: [line(left, y, right, y), line(left, y - 4, left, y + 4), line(right, y - 4, right, y + 4)],
      };
    },
  };
}

function dots(chart: Chart): object {
  const quiet = color("--quiet");
  return {
    type: "scatter",
    symbolSize: 11,
    z: 3,
    data: chart.dots.map((dot, i) => ({ value: [dot.value, i], itemStyle: { color: toneColor(dot) } })),
    markLine: {
      silent: true,
      symbol: "none",
      // ECharts rounds to 2 decimals unless told: at 0.842 the line would stand beside its dot.
      precision: 8,
      data: chart.references.map(([value, name]) => ({
        xAxis: value,
        lineStyle: { color: quiet, type: name === "" ? "solid" : "dashed", width: 1.5 },
        label: { formatter: name, color: quiet, fontSize: 12, position: "start", distance: 6 },
      })),
    },
    ...(chart.band === null ? {} : { markArea: shaded(chart.band) }),
  };
}

function shaded([low, high]: [number, number]): object {
  return {
    silent: true,
    itemStyle: { color: color("--shade") },
    data: [[{ xAxis: low }, { xAxis: high }]],
  };
}

function extent(chart: Chart): [number, number] {
  const ends = [
    ...chart.dots.flatMap((dot) => [dot.low, dot.high]),
    ...chart.references.map(([value]) => value),
    ...(chart.band === null ? [] : [chart.band[0], chart.band[1]]),
  ];
  const low = Math.min(...ends);
  const high = Math.max(...ends);
  const room = (high - low || 0.02) * 0.06;
  const bounded = chart.percent && !chart.difference;
  return [bounded ? Math.max(0, low - room) : low - room, bounded ? Math.min(1, high + room) : high + room].map(
    (end, side) => tidy(end, high - low || 0.02, side === 0 ? Math.floor : Math.ceil),
  ) as [number, number];
}

// Ends of the axis on round numbers of the size of a tenth of the range.
function tidy(end: number, range: number, round: (value: number) => number): number {
  const step = 10 ** Math.floor(Math.log10(range / 2));
  return Number((round(end / step) * step).toPrecision(12));
}

function toneColor(dot: Dot | undefined): string {
  return color(`--tone-${dot?.tone ?? "plain"}`);
}

function tooltip(chart: Chart, index: number): HTMLElement {
  const dot = chart.dots[index];
  const box = element("div");
  if (dot === undefined) return box;
  box.append(element("strong", {}, dot.name), element("div", {}, sentence(chart, dot)));
  return box;
}

function sentence(chart: Chart, dot: Dot): string {
  return `${shown(dot.value, chart, 1)} [${shown(dot.low, chart, 1)}, ${shown(dot.high, chart, 1)}]`;
}

function describe(chart: Chart): string {
  return `${chart.title}. ${chart.dots.map((dot) => `${dot.name}: ${sentence(chart, dot)}`).join("; ")}.`;
}

function shown(value: number, chart: Chart, digits: number): string {
  const scaled = chart.percent ? value * 100 : value;
  const places = chart.percent ? (Number.isInteger(Number(scaled.toFixed(6))) ? digits : Math.max(digits, 1)) : 3;
  const text = Math.abs(scaled).toFixed(places);
  const sign = scaled < 0 ? "\u2212" : chart.difference && scaled > 0 ? "+" : "";
  return `${sign}${text}${chart.percent && !chart.difference ? "%" : ""}`;
}
