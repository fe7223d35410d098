/**
 * A day as a person reads it when it is over.
 *
 * Owns:     the words and the layout. Colour is the caller's: `paint` is told what a piece of text means.
 */
import type { DayResult } from './day-result.ts'

export type Tone = 'title' | 'good' | 'bad' | 'quiet'
export type Paint = (tone: Tone, text: string) => string

const plain: Paint = (_, text) => text

export function reportOf(result: DayResult, title: string = result.day, paint: Paint = plain): string {
  const lines = [
    '',
    paint('title', title),
    paint('quiet', summaryOf(result)),
    '',
    ...ordersOf(result, paint),
    ...moneyOf(result, paint),
    ...latenciesOf(result),
    ...faultsOf(result, paint),
    ...checksOf(result, paint),
    verdictOf(result, paint),
    '',
    paint('quiet', `  repeat   ${result.command}`),
    paint('quiet', `  trace    ${result.traceHash}   options ${result.optionsHash}${atCommit(result)}`),
    '',
  ]
  return lines.join('\n')
}

const whole = (n: number): string => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',')
const euros = (cents: number): string =>
  `${whole(Math.trunc(cents / 100))}.${String(Math.abs(cents) % 100).padStart(2, '0')}`
const plural = (n: number, what: string, many = `${what}s`): string => `${whole(n)} ${n === 1 ? what : many}`

function summaryOf({ virtualSeconds, wallSeconds, events, nodes, mode, seed }: DayResult): string {
  const hours = `${(virtualSeconds / 3_600).toFixed(1)} hours`
  const took = wallSeconds === 0 ? '' : ` in ${wallSeconds.toFixed(1)} s`
  const times = wallSeconds === 0 ? '' : ` (× ${whole(virtualSeconds / wallSeconds)})`
  const how = mode === 'sim' ? `seed ${seed}` : 'live'
  return `${hours}${took}${times} · ${plural(nodes, 'node')} · ${plural(events, 'event')} · ${how}`
}

function ordersOf({ orders }: DayResult, paint: Paint): readonly string[] {
  const ends = [
    `${whole(orders.completed)} completed`,
    `${whole(orders.rejected)} rejected`,
    `${whole(orders.cancelled)} cancelled`,
    `${whole(orders.expired)} expired`,
    paint(orders.lost === 0 ? 'good' : 'bad', `${whole(orders.lost)} lost`),
  ]
  const doubts = [
    ...(orders.refused > 0 ? [`${whole(orders.refused)} refused at the door`] : []),
    ...(orders.unknown > 0
      ? [`${whole(orders.unknown)} without an answer, ${whole(orders.recovered)} of them settled`]
      : []),
    ...(orders.unexpected > 0 ? [paint('bad', `${whole(orders.unexpected)} that nobody asked for`)] : []),
  ]
  return [
    `  orders   ${whole(orders.attempted)} attempted, ${whole(orders.acknowledged)} acknowledged`,
    `           ${ends.join(' · ')}`,
    ...(doubts.length === 0 ? [] : [`           ${doubts.join(' · ')}`]),
  ]
}

function moneyOf({ money }: DayResult, paint: Paint): readonly string[] {
  const { billed, givenBack, captured, refunded, doubleCharges } = money
  const owed = givenBack === 0 ? '' : ` − ${euros(givenBack)} given back`
  const equals = billed - givenBack === captured - refunded ? '=' : paint('bad', '≠')
  const double = paint(doubleCharges === 0 ? 'good' : 'bad', plural(doubleCharges, 'double charge'))
  return [
    `  money    ${euros(billed)} billed${owed} ${equals} ${euros(captured)} captured − ${euros(refunded)} refunded · ${double}`,
  ]
}

function latenciesOf({ latencyMs }: DayResult): readonly string[] {
  const cell = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : whole(ms)} ms`.padStart(10)
  return [
    '',
    `  ${'latency'.padEnd(22)}${['p50', 'p95', 'p99', 'max', 'n'].map((name) => name.padStart(10)).join('')}`,
    ...Object.entries(latencyMs).map(
      ([name, { p50, p95, p99, max, n }]) =>
        `  ${name.padEnd(22)}${[p50, p95, p99, max].map(cell).join('')}${whole(n).padStart(10)}`,
    ),
  ]
}

function faultsOf({ faults, restarts }: DayResult, paint: Paint): readonly string[] {
  if (faults.length === 0) return []
  return [
    '',
    `  faults   ${plural(faults.length, 'fault')}, ${plural(restarts, 'process', 'processes')} ended`,
    ...faults.map(({ kind, target, at, fired, recoveryMs }) => {
      const recovery = recoveryMs === undefined ? '' : `   answered again after ${whole(recoveryMs)} ms`
      return `  ${mark(fired, paint)} ${at}  ${kind.padEnd(20)} ${target}${recovery}`
    }),
  ]
}

function checksOf({ checks }: DayResult, paint: Paint): readonly string[] {
  return [
    '',
    '  checks',
    ...checks.map(({ id, held, detail }) => {
      const why = detail === undefined ? '' : `: ${detail}`
      return `  ${mark(held, paint)} ${sayings[id] ?? id.replace('slo ', '')}${why}`
    }),
    '',
  ]
}

const sayings: Readonly<Record<string, string>> = {
  orders: 'no acknowledged order was lost, and none appeared',
  money: 'every guest paid for what they got, once',
  stock: 'every gram is accounted for',
  kitchen: 'what was plated was cooked, and none of it is back in the pantry',
  identity: 'every account has an address of its own, and no session gave two tokens for one',
  notices: 'every member was told what there was to tell, each thing once',
  owner: 'every shard had one owner at a time',
  messages: 'every message was handled once, in order, and after it was sent',
  'read-models': 'lists say what their actors say, and a rebuild finds the same',
  reads: 'nobody who asked was shown what was no longer so',
  conformance: 'every history is a path of its machine',
  liveness: 'every order settled in time',
  'nothing-left': 'nothing was left over',
  'faults-fired': 'every fault had an effect',
  reached: 'the day came to what it is about',
}

function verdictOf({ checks }: DayResult, paint: Paint): string {
  const broken = checks.filter(({ held }) => !held).length
  return broken === 0
    ? paint('good', `  All ${checks.length} checks held.`)
    : paint('bad', `  ${broken} of ${checks.length} checks did not hold.`)
}

const mark = (held: boolean, paint: Paint): string => (held ? paint('good', '✓') : paint('bad', '✗'))
const atCommit = ({ commit }: DayResult): string => (commit === '' ? '' : `   commit ${commit}`)
