/**
 * The charts of a study, as SVG that needs no script.
 *
 * Owns:     what each chart shows. Colours are the names of the page's own, so a chart is dark or light as the page is.
 * Does not: lay out the page (`html-report.ts`).
 */
import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts'
import { GridComponent, MarkLineComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { covers, type Interval } from '#statistics'
import { clockOf, type Kpi, kpis, type Measured, type StudyResult, scaleOf, type VariantResult } from '#study'

use([BarChart, CustomChart, LineChart, ScatterChart, GridComponent, MarkLineComponent, SVGRenderer])

// ECharts computes with colours, so it is given some that nobody else uses, and they are exchanged for the page's.
const names = [
  'ink-1',
  'ink-2',
  'ink-3',
  'line-1',
  'line-2',
  'node-a',
  'node-b',
  'node-c',
  'node-d',
  'node-e',
  'bad',
] as const
type Colour = (typeof names)[number]
const stand = (name: Colour): string => `#0a0b${String(names.indexOf(name)).padStart(2, '0')}`
const series: readonly Colour[] = ['ink-1', 'node-a', 'node-b', 'node-c', 'node-d', 'node-e']
const colourOf = (n: number): string => stand(series[n % series.length] as Colour)

const width = 520
const text = { color: stand('ink-2'), fontSize: 11, fontFamily: 'Archivo, system-ui, sans-serif' }

function drawn(height: number, option: object): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  chart.setOption({ animation: false, backgroundColor: 'transparent', textStyle: text, ...option })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
    .replace(/#0a0b(\d\d)/g, (_, n: string) => `var(--${names[Number(n)]})`)
    .replace(/<svg width="\d+" height="\d+"/, '<svg role="img"')
}

const quiet = { axisTick: { show: false }, axisLabel: { ...text }, splitLine: { show: false } }
const valueAxis = {
  type: 'value',
  axisLine: { show: false },
  axisTick: { show: false },
  axisLabel: { ...text },
  splitNumber: 3,
  splitLine: { lineStyle: { color: stand('line-1') } },
  nameTextStyle: { ...text, align: 'left' },
}
const base = { ...quiet, axisLine: { lineStyle: { color: stand('line-2') } } }

/** A mean over the day, half hour by half hour, with the band in which it is known. */
export function overTheDay(
  variants: readonly VariantResult[],
  unit: string,
  of: (half: VariantResult['halfHours'][number]) => Interval | undefined,
): string {
  const times = variants[0]?.halfHours.map(({ at }) => clockOf(at)) ?? []
  const lines = variants.flatMap(({ name, halfHours }, n) => {
    const means = halfHours.map(of)
    const low = means.map((one) => (one === undefined ? null : one.mean - (one.halfWidth ?? 0)))
    const band = means.map((one) => (one === undefined ? null : 2 * (one.halfWidth ?? 0)))
    const shared = { type: 'line', showSymbol: false, silent: true }
    return [
      { ...shared, data: low, stack: `band-${n}`, stackStrategy: 'all', lineStyle: { opacity: 0 } },
      {
        ...shared,
        data: band,
        stack: `band-${n}`,
        stackStrategy: 'all',
        lineStyle: { opacity: 0 },
        areaStyle: { color: colourOf(n), opacity: 0.16 },
      },
      {
        ...shared,
        name,
        data: means.map((one) => one?.mean ?? null),
        lineStyle: { width: 1.5, color: colourOf(n) },
      },
    ]
  })
  return drawn(220, {
    grid: { left: 36, right: 14, top: 26, bottom: 24 },
    xAxis: {
      ...base,
      type: 'category',
      data: times,
      boundaryGap: false,
      axisLabel: { ...text, interval: 3 },
    },
    yAxis: { ...valueAxis, name: unit },
    series: lines,
  })
}

/** Of all tickets of all days, the share that took so long. */
export function ticketTimes(variants: readonly VariantResult[]): string {
  const wide = 2.5
  const shares = variants.map(({ ticketTimes: { n, histogram } }) => {
    const bins: number[] = []
    for (const [bin, count] of histogram.counts.entries()) {
      const into = Math.floor((bin * histogram.width) / wide)
      bins[into] = (bins[into] ?? 0) + (100 * count) / n
    }
    return bins
  })
  const most = Math.max(1, ...shares.map((bins) => bins.length))
  // The last per mille would make the rest narrow.
  const p95 = Math.max(...variants.map(({ ticketTimes }) => ticketTimes.p95))
  const shown = Math.min(4 * Math.ceil(most / 4), 4 * Math.ceil((p95 * 1.6) / wide / 4))
  const from = Array.from({ length: shown }, (_, bin) => bin * wide)
  const one = variants.length === 1
  return drawn(220, {
    grid: { left: 36, right: 14, top: 26, bottom: 34 },
    xAxis: {
      ...base,
      type: 'value',
      min: 0,
      max: shown * wide,
      name: 'minutes',
      nameLocation: 'middle',
      nameGap: 20,
      nameTextStyle: text,
    },
    yAxis: { ...valueAxis, name: '% of tickets' },
    series: shares.map((bins, n) => ({
      type: 'line',
      step: 'end',
      showSymbol: false,
      data: [...from.map((at, bin) => [at, bins[bin] ?? 0]), [shown * wide, 0]],
      lineStyle: { width: 1.5, color: colourOf(n) },
      ...(one && { areaStyle: { color: colourOf(n), opacity: 0.16 } }),
      markLine: {
        silent: true,
        symbol: 'none',
        lineStyle: { color: colourOf(n), type: 'dashed', width: 1 },
        label: { ...text, formatter: one ? '{b}' : '', position: 'end', distance: 3 },
        data: [
          { name: 'half', xAxis: variants[n]?.ticketTimes.p50 },
          { name: '95 %', xAxis: variants[n]?.ticketTimes.p95 },
        ],
      },
    })),
  })
}

interface Drawing {
  value(n: number): number
  coord(at: readonly [number, number]): readonly [number, number]
}

/** A bar from low to high with ends, at a height. Data: [low, high, row]. */
function whiskers(data: readonly (readonly [number, number, number])[], colours: readonly string[]): object {
  return {
    type: 'custom',
    silent: true,
    data,
    renderItem: ({ dataIndex }: { dataIndex: number }, api: Drawing) => {
      const [[x1, y], [x2]] = [
        api.coord([api.value(0), api.value(2)]),
        api.coord([api.value(1), api.value(2)]),
      ]
      const line = (from: readonly [number, number], to: readonly [number, number]): object => ({
        type: 'line',
        shape: { x1: from[0], y1: from[1], x2: to[0], y2: to[1] },
        style: { stroke: colours[dataIndex] ?? stand('ink-1'), lineWidth: 1.5 },
      })
      return {
        type: 'group',
        children: [line([x1, y], [x2, y]), line([x1, y - 4], [x1, y + 4]), line([x2, y - 4], [x2, y + 4])],
      }
    },
    encode: { x: [0, 1], y: 2 },
    z: 3,
  }
}

const rowHeight = 24
const labelWidth = 166
const short = (name: string): string => (name.length > 25 ? `${name.slice(0, 24)}…` : name)

/** One figure: each day a dot, and the interval of the mean, for each variant. */
export function spread(kpi: Kpi, result: StudyResult, measured: readonly Measured[]): string {
  const { variants } = result
  const first = variants[0]?.kpis[kpi.id]
  if (first === undefined) return ''
  const { factor, mark } = scaleOf(kpi.unit, first)
  const days = measured.map(({ variant, kpis: { values } }) => [(values[kpi.id] ?? 0) * factor, variant])
  return drawn(46 + rowHeight * variants.length, {
    grid: { left: labelWidth, right: 20, top: 8, bottom: 34 },
    xAxis: {
      ...valueAxis,
      scale: true,
      name: mark,
      nameLocation: 'middle',
      nameGap: 20,
      nameTextStyle: text,
    },
    yAxis: { ...base, type: 'category', inverse: true, data: variants.map(({ name }) => short(name)) },
    series: [
      {
        type: 'scatter',
        symbolSize: 5,
        silent: true,
        data: days,
        itemStyle: { color: stand('ink-3'), opacity: 0.55 },
      },
      whiskers(
        variants.map(({ kpis: all }, n) => ends(all[kpi.id], factor, n)),
        variants.map((_, n) => colourOf(n)),
      ),
      {
        type: 'scatter',
        symbolSize: 8,
        silent: true,
        z: 4,
        data: variants.map(({ kpis: all }, n) => ({
          value: [(all[kpi.id]?.mean ?? 0) * factor, n],
          itemStyle: { color: colourOf(n) },
        })),
      },
    ],
  })
}

function ends(interval: Interval | undefined, factor: number, row: number): [number, number, number] {
  const { mean = 0, halfWidth = 0 } = interval ?? {}
  return [(mean - halfWidth) * factor, (mean + halfWidth) * factor, row]
}

/** Every figure of a variant against the first, in per cent of the first. What cannot be told from nothing is pale. */
export function changes(variant: VariantResult, first: VariantResult, n: number): string {
  const rows = kpis.flatMap(({ id, title }) => {
    const [of, difference] = [first.kpis[id]?.mean ?? 0, variant.differences?.[id]]
    if (of === 0 || !Number.isFinite(of) || difference === undefined) return []
    const [mean, halfWidth] = [difference.mean / of, (difference.halfWidth ?? 0) / of]
    const isTold = !covers(difference, 0)
    return [{ title: title.trim(), mean, halfWidth, colour: isTold ? colourOf(n) : stand('ink-3') }]
  })
  return drawn(46 + 20 * rows.length, {
    grid: { left: labelWidth, right: 20, top: 8, bottom: 34 },
    xAxis: {
      ...valueAxis,
      name: '% of the first',
      nameLocation: 'middle',
      nameGap: 20,
      nameTextStyle: text,
    },
    yAxis: { ...base, type: 'category', inverse: true, data: rows.map(({ title }) => title) },
    series: [
      whiskers(
        rows.map(({ mean, halfWidth }, row) => ends({ n: 1, mean, halfWidth }, 100, row)),
        rows.map(({ colour }) => colour),
      ),
      {
        type: 'scatter',
        symbolSize: 7,
        silent: true,
        z: 4,
        data: rows.map(({ mean, colour }, row) => ({
          value: [mean * 100, row],
          itemStyle: { color: colour },
        })),
        markLine: {
          silent: true,
          symbol: 'none',
          label: { show: false },
          lineStyle: { color: stand('ink-3'), type: 'solid', width: 1 },
          data: [{ xAxis: 0 }],
        },
      },
    ],
  })
}

/** A figure over the values of a sweep. */
export function overValues(kpi: Kpi, variants: readonly VariantResult[]): string {
  const first = variants[0]?.kpis[kpi.id]
  if (first === undefined) return ''
  const { factor, mark } = scaleOf(kpi.unit, first)
  const points = variants
    .map(({ value = 0, kpis: all }) => ({ value, ...(all[kpi.id] ?? { mean: 0, n: 0 }) }))
    .sort((a, b) => a.value - b.value)
  const means = points.map(({ value, mean }) => [value, mean * factor])
  return drawn(220, {
    grid: { left: 44, right: 20, top: 26, bottom: 24 },
    xAxis: { ...base, type: 'value', scale: true, minInterval: 0 },
    yAxis: {
      ...valueAxis,
      name: mark,
      scale: kpi.unit === 'count' || kpi.unit === 'euro',
      // A share ends at 100 %.
      ...(kpi.unit === 'share' && means.some(([, mean = 0]) => mean > 80) && { max: 100 }),
    },
    series: [
      {
        type: 'custom',
        silent: true,
        data: points.map((point) => ends(point, factor, point.value)),
        encode: { x: 2, y: [0, 1] },
        renderItem: (_: unknown, api: Drawing) => {
          const [x, low] = api.coord([api.value(2), api.value(0)])
          const [, high] = api.coord([api.value(2), api.value(1)])
          const style = { stroke: stand('ink-1'), lineWidth: 1.5 }
          return { type: 'line', shape: { x1: x, y1: low, x2: x, y2: high }, style }
        },
      },
      {
        type: 'line',
        data: means,
        symbol: 'circle',
        symbolSize: 7,
        itemStyle: { color: stand('ink-1') },
        lineStyle: { width: 1.5, color: stand('ink-1') },
      },
    ],
  })
}

/** Which colour a variant has, as a name of the page's. */
export const colourNameOf = (n: number): string => series[n % series.length] as string
