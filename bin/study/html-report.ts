/**
 * A study as one page: tables, charts, and nothing that has to be fetched or run.
 *
 * Owns:     the page, dark and light. The numbers are written as on the terminal.
 */
import {
  changeOf,
  checksOf,
  daysOf,
  differenceText,
  figure,
  intervalText,
  type Kpi,
  kpis,
  type Measured,
  pooledText,
  precisionOf,
  type StudyResult,
  type StudyWords,
  scaleOf,
  seedsOf,
  type VariantResult,
  verdictsOf,
} from '#study'
import { changes, colourNameOf, overTheDay, overValues, spread, ticketTimes } from './charts.ts'

/** Whose single days are shown. */
const spreadOf = ['ticket-time', 'completed', 'wait', 'revenue']
const sweptOf = ['ticket-time', 'late', 'completed', 'revenue']

export function htmlReport(result: StudyResult, words: StudyWords, measured: readonly Measured[]): string {
  const { variants } = result
  const [first, ...others] = variants
  if (first === undefined) return ''
  const isSwept = variants.length > 1 && variants.every(({ value }) => value !== undefined)
  const charts = [
    ...(isSwept
      ? kpisOf(sweptOf).map((kpi) =>
          figureOf(`${titleOf(kpi)}, by value`, kpi.about, overValues(kpi, variants)),
        )
      : []),
    ...others.map((variant, n) =>
      figureOf(
        `What changes with ${variant.name}`,
        'Each figure against the first variant, in per cent of it, with its 95 % interval. What cannot be told from no change is pale.',
        changes(variant, first, n + 1),
      ),
    ),
    figureOf(
      'Ticket time over the day',
      'By the half hour in which the order was accepted: the mean of the days, and the band in which it is known (95 %).',
      overTheDay(variants, 'minutes', ({ minutes }) => minutes),
    ),
    figureOf(
      'Orders between acceptance and the pass',
      'On average over each half hour, with its 95 % band.',
      overTheDay(variants, 'orders', ({ open }) => open),
    ),
    figureOf(
      'How long tickets take',
      'All tickets of all days together. Dashed: half of them, and 95 % of them, were ready.',
      ticketTimes(variants),
    ),
    ...kpisOf(spreadOf).map((kpi) =>
      figureOf(
        `${titleOf(kpi)}: every day`,
        `${kpi.about} A dot is a day; the bar is the 95 % interval of the mean.`,
        spread(kpi, result, measured),
      ),
    ),
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(words.title)}: ${daysOf(result)}</title>
<style>${css}</style>
</head>
<body>
<header>
<h1>${escaped(words.title)}</h1>
<p class="lead">${daysOf(result)}, ${seedsOf(result)}</p>
<p>${escaped(capital(precisionOf(result)))}.</p>
</header>
${others.length === 0 ? '' : legendOf(variants)}
${verdictsOf(result)
  .map((verdict) => `<p class="verdict">${escaped(verdict)}</p>`)
  .join('\n')}
${checksOf(result)
  .map(({ held, text }) => `<p class="${held ? 'ok' : 'bad'}">${held ? '✓' : '✕'} ${escaped(text)}</p>`)
  .join('\n')}
<section>
<h2>Figures</h2>
${others.length === 0 ? meansTable(first) : comparisonTable(first, others)}
${variants.map((variant) => `<p class="note">${others.length === 0 ? 'O' : `${escaped(variant.name)}: o`}${pooledText(variant).slice(1)}.</p>`).join('\n')}
</section>
<section class="charts">
${charts.join('\n')}
</section>
<footer>
<p>Repeat it: <code>${escaped(words.command)}</code></p>
<p>Code <code>${escaped(words.commit)}</code>. ± is the half-width of the 95 % t interval of the mean; p5 and p95 are of single days. Variants are compared pair by pair under the same seeds.</p>
</footer>
</body>
</html>
`
}

const kpisOf = (ids: readonly string[]): readonly Kpi[] => kpis.filter(({ id }) => ids.includes(id))
const capital = (text: string): string => text.replace(/^./, (first) => first.toUpperCase())
const titleOf = ({ title }: Kpi): string => capital(title.trim())

function figureOf(title: string, about: string, svg: string): string {
  return `<figure><figcaption><h3>${escaped(title)}</h3><p>${escaped(about)}</p></figcaption>${svg}</figure>`
}

function legendOf(variants: readonly VariantResult[]): string {
  const items = variants.map(
    ({ name }, n) => `<li><i style="background:var(--${colourNameOf(n)})"></i>${escaped(name)}</li>`,
  )
  return `<ul class="legend">${items.join('')}</ul>`
}

function meansTable({ kpis: summaries }: VariantResult): string {
  const rows = kpis.flatMap(({ id, title, about, unit }) => {
    const summary = summaries[id]
    if (summary === undefined) return []
    const scale = scaleOf(unit, summary)
    const { mean, halfWidth = Number.NaN, p5, p95 } = summary
    const cells = [mean, halfWidth, p5, p95].map((value) => `<td>${figure(value, scale)}</td>`).join('')
    return [`<tr title="${escaped(about)}">${headOf(title)}${cells}<td class="unit">${scale.mark}</td></tr>`]
  })
  return tableOf(['', 'mean', '± 95 %', 'p5', 'p95', ''], rows)
}

function comparisonTable(first: VariantResult, others: readonly VariantResult[]): string {
  const rows = kpis.flatMap((kpi) => {
    const summary = first.kpis[kpi.id]
    if (summary === undefined) return []
    const cells = others.map(({ differences = {} }) => {
      const difference = differences[kpi.id]
      if (difference === undefined) return '<td></td>'
      return `<td class="${changeOf(kpi, difference)}">${differenceText(kpi.unit, difference)}</td>`
    })
    const own = `<td>${intervalText(kpi.unit, summary)}</td>`
    return [`<tr title="${escaped(kpi.about)}">${headOf(kpi.title)}${own}${cells.join('')}</tr>`]
  })
  return tableOf(['', first.name, ...others.map(({ name }) => `${name}: difference`)], rows)
}

const headOf = (title: string): string =>
  `<th scope="row"${title.startsWith(' ') ? ' class="part"' : ''}>${escaped(title.trim())}</th>`

function tableOf(heads: readonly string[], rows: readonly string[]): string {
  const head = heads.map((text) => `<th scope="col">${escaped(text)}</th>`).join('')
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign)

// The tokens of the inspector (its visual language), as far as a page of paper needs them.
const css = `
:root{color-scheme:dark light;--bg:#080e0d;--line-1:#262f2c;--line-2:#414a48;--ink-1:#efede4;--ink-2:#b3b7af;--ink-3:#87908b;
--ok:#75d792;--bad:#ff6258;--node-a:#63b1f9;--node-b:#996ee5;--node-c:#a6f2ee;--node-d:#31948f;--node-e:#e072ba;
--sans:Archivo,system-ui,sans-serif;--mono:"IBM Plex Mono",ui-monospace,monospace}
@media (prefers-color-scheme:light){:root{--bg:#edf1f0;--line-1:#d4dbd9;--line-2:#b1bab7;--ink-1:#151f1d;--ink-2:#45504c;--ink-3:#606a66;
--ok:#006b39;--bad:#b00008;--node-a:#126bc5;--node-b:#621bb0;--node-c:#087c6a;--node-d:#004845;--node-e:#a2297f}}
@media print{:root{--bg:#fff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1120px;padding:24px 16px 48px;background:var(--bg);color:var(--ink-1);
font:400 14px/20px var(--sans);font-variant-numeric:tabular-nums lining-nums}
h1{font-size:26px;line-height:30px;font-weight:600;margin:0}
h2{font-size:16px;line-height:21px;font-weight:600;margin:0 0 8px}
h3{font-size:14px;line-height:18px;font-weight:600;margin:0}
p{margin:4px 0;max-width:76ch}
header p,.note,figcaption p,footer{color:var(--ink-2)}
.lead{font-size:16px;line-height:21px}
.verdict{font-size:16px;line-height:22px;margin:12px 0}
.ok{color:var(--ok)}.bad{color:var(--bad)}
section,footer{border-top:1px solid var(--line-1);margin-top:16px;padding-top:16px}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 24px;margin:16px 0 0;padding:0}
.legend i{display:inline-block;width:18px;height:3px;margin-right:8px;vertical-align:middle}
table{border-collapse:collapse;margin-bottom:12px}
th,td{padding:2px 0 2px 24px;text-align:right;font-weight:400;white-space:nowrap;border-bottom:1px solid var(--line-1)}
thead th{color:var(--ink-3);white-space:normal;vertical-align:bottom;max-width:24ch}
th[scope=row]{text-align:left;padding-left:0}.part{padding-left:16px!important;color:var(--ink-2)}
.unit{text-align:left;padding-left:6px;color:var(--ink-3)}
.untold{color:var(--ink-3)}.better{color:var(--ok)}.worse{color:var(--bad);font-weight:600}
.better::after{content:" ▲";font-size:9px}.worse::after{content:" ▼";font-size:9px}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:28px 32px}
figure{margin:0;min-width:0}svg{display:block;width:100%;height:auto;margin-top:8px}
figcaption p{font-size:12px;line-height:16px}
code{font-family:var(--mono);font-size:12px;overflow-wrap:anywhere}
@media (max-width:700px){section{overflow-x:auto}}
`
