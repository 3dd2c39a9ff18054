/** Plots as SVG, on paper of any colour. */
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([BarChart, LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

const ink = '#7a828c';
const size = { width: 860, height: 380 };

function svg(option: EChartsCoreOption, height = size.height): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: size.width, height });
  chart.setOption({
    animation: false,
    textStyle: { color: ink, fontFamily: 'system-ui, sans-serif' },
    color: ['#2f9e6e', '#3b82c4', '#d9822b', '#b0487a', '#8a6fc4'],
    ...option,
  });
  const text = chart.renderToSVGString();
  chart.dispose();
  return `${text}\n`;
}

const title = (text: string) => ({ text, left: 'center', textStyle: { color: ink, fontSize: 14 } });
const legend = { bottom: 0, itemGap: 34, textStyle: { color: ink } };
const line = { lineStyle: { color: ink, opacity: 0.25 } };

export interface Series {
  readonly name: string;
  /** One for each category; undefined: not measured. */
  readonly values: readonly (number | undefined)[];
}

/** Bars on a logarithmic axis, so that one second and one minute fit beside each other. */
export function bars(text: string, categories: readonly string[], series: readonly Series[], unit: string): string {
  return svg({
    title: title(text),
    legend,
    grid: { left: 60, right: 20, top: 40, bottom: 60 },
    xAxis: { type: 'category', data: [...categories], axisLabel: { color: ink } },
    yAxis: { type: 'log', name: unit, nameTextStyle: { color: ink }, axisLabel: { color: ink }, splitLine: line },
    series: series.map(({ name, values }) => ({ name, type: 'bar', data: values.map((one) => one ?? '-') })),
  });
}

/** Both axes logarithmic: what grows in proportion is a straight line. */
export function growth(text: string, x: string, points: readonly (readonly [number, number])[], unit: string): string {
  const axis = { type: 'log', nameTextStyle: { color: ink }, axisLabel: { color: ink }, splitLine: line };
  return svg({
    title: title(text),
    grid: { left: 70, right: 40, top: 40, bottom: 60 },
    xAxis: { ...axis, name: x, nameLocation: 'middle', nameGap: 32 },
    yAxis: { ...axis, name: unit },
    series: [{ type: 'line', data: points.map((one) => [...one]), symbolSize: 7 }],
  });
}

/** When each step began and ended, one below the other. */
export function waterfall(
  text: string,
  steps: readonly { readonly id: string; readonly startMs: number; readonly endMs: number }[],
): string {
  const ordered = [...steps].sort((a, b) => b.startMs - a.startMs);
  const height = 80 + 24 * ordered.length;
  return svg(
    {
      title: title(text),
      grid: { left: 300, right: 30, top: 40, bottom: 40 },
      xAxis: { type: 'value', name: 'ms', nameTextStyle: { color: ink }, axisLabel: { color: ink }, splitLine: line },
      yAxis: { type: 'category', data: ordered.map(({ id }) => id), axisLabel: { color: ink } },
      series: [
        { type: 'bar', stack: 'all', itemStyle: { color: 'transparent' }, data: ordered.map(({ startMs }) => startMs) },
        { type: 'bar', stack: 'all', data: ordered.map(({ startMs, endMs }) => Math.max(0.2, endMs - startMs)) },
      ],
    },
    height,
  );
}
