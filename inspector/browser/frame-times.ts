/** How long a page's scripts take from one frame to the next, as the browser's own trace has it. */
import type { Browser, CDPSession } from 'playwright-core'

interface TraceEvent {
  readonly name: string
  readonly ph: string
  /** Microseconds. */
  readonly ts: number
  readonly dur?: number
  /** Of those, how many the thread had a processor for. */
  readonly tdur?: number
  readonly pid: number
  readonly tid: number
}

/** What a thread does for its scripts. One may lie in another. */
const scripting: ReadonlySet<string> = new Set([
  'EvaluateScript',
  'FireAnimationFrame',
  'FunctionCall',
  'HandlePostMessage',
  'MajorGC',
  'MinorGC',
  'RunMicrotasks',
  'TimerFire',
  'v8.callFunction',
])

/** Milliseconds of scripting from each frame of the only page to the next, for so long. */
export async function scriptingPerFrame(browser: Browser, forMs: number): Promise<readonly number[]> {
  const cdp = await browser.newBrowserCDPSession()
  const events = await traced(cdp, forMs)
  await cdp.detach()
  const { pid, tid } = events.find(({ name }) => name === 'FireAnimationFrame') ?? { pid: 0, tid: 0 }
  const ofPage = events.filter((event) => event.pid === pid && event.tid === tid && event.ph === 'X')
  const frames = ofPage
    .filter(({ name }) => name === 'FireAnimationFrame')
    .map(({ ts }) => ts)
    .sort((a, b) => a - b)
  return spentBetween(
    frames,
    ofPage.filter(({ name }) => scripting.has(name)),
  )
}

async function traced(cdp: CDPSession, forMs: number): Promise<readonly TraceEvent[]> {
  const events: TraceEvent[] = []
  cdp.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])))
  const complete = new Promise((resolve) => cdp.once('Tracing.tracingComplete', resolve))
  const traceConfig = { includedCategories: ['devtools.timeline', 'v8'] }
  await cdp.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig })
  await new Promise((resolve) => setTimeout(resolve, forMs))
  await cdp.send('Tracing.end')
  await complete
  return events
}

/** A task counts for the frame that it began in; of one inside another only the outer one counts. */
function spentBetween(frames: readonly number[], tasks: readonly TraceEvent[]): readonly number[] {
  const spent = frames.map(() => 0)
  let [frame, until] = [0, 0]
  for (const { ts, dur = 0, tdur = dur } of tasks.toSorted(
    (a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0),
  )) {
    if (ts < until || ts < (frames[0] ?? 0)) continue
    until = ts + dur
    while ((frames[frame + 1] ?? Number.POSITIVE_INFINITY) <= ts) frame += 1
    spent[frame] = (spent[frame] ?? 0) + tdur / 1_000
  }
  return spent.slice(0, -1)
}

export const quantileOf = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN
