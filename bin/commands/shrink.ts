/** `brigade shrink`: makes a failure smaller, until a person can read it on a page. */
import type { Day } from '#day'
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { readFailure, writeSmaller } from '../explore/failure-file.ts'
import type { Shrunk } from '../explore/shrink.ts'
import type { Failure } from '../explore/trial.ts'
import { clearLine, type Terminal } from '../terminal/terminal.ts'

const usualForMs = 60_000

export const shrink = defineCommand({
  name: 'shrink',
  summary: 'make a failure smaller, so that a person can read it',
  args: [{ name: 'FILE', about: 'what explore has written, or an earlier shrink' }],
  options: {
    for: { kind: 'duration', value: 'TIME', about: 'how long it may take (default 60s)' },
    ...jsonOption,
  },
  about: [
    'Leaves out guests, faults, the length of faults, nodes, and whatever differs from a plain day in links, disk, kitchen and habits, as long as the same check goes on failing. All chance is drawn by name, so what is left happens as it did.',
    'The smaller failure is written beside FILE. When time was up before everything was tried, shrink it again: it goes on from there.',
  ],
  examples: [
    {
      line: 'shrink scenarios/regressions/explored-42-0a1b2c3d.json',
      about: 'Writes explored-42-0a1b2c3d.smaller.json.',
    },
    { line: 'shrink FILE --for 10m', about: 'When a day is long, or its check needs many hours of it.' },
  ],
  next: 'npx brigade replay FILE repeats the smaller one. Exit codes: 0 it is as small as it gets, or as time allowed; 1 it does not fail on this code.',
  async run({ args: [file = ''], options }, terminal) {
    const { for: forMs = usualForMs, json = false } = options
    const { codeVersion } = await import('../code-version.ts')
    const { shrink: shrunkBy } = await import('../explore/shrink.ts')
    const { entriesOf, storyOf } = await import('../explore/story.ts')
    const { optionsOf } = await import('../explore/shrink.ts')
    const found = readFailure(file)
    const startedAt = performance.now()
    const took = (): number => (performance.now() - startedAt) / 1_000
    const shrunk = shrunkBy(
      { ...found, commit: codeVersion() },
      {
        isOver: () => took() * 1_000 > forMs,
        onSmaller: (day) => {
          if (!terminal.isScreen) return
          const { length } = entriesOf(day, found.seed)
          terminal.note(`${clearLine}${took().toFixed(0)} s, ${length} entries left`)
        },
      },
    )
    if (terminal.isScreen) terminal.note(clearLine)
    if (shrunk === undefined) {
      throw new UsageError(
        `'${file}' does not fail by '${found.check.id}' on this code.`,
        'npx brigade replay FILE says how it stands.',
      )
    }
    const smaller = writeSmaller(shrunk.failure, file)
    const sizeOf = ({ day, seed }: Failure): Size => ({
      entries: entriesOf(day, seed).length,
      guests: entriesOf({ ...day, faults: [] }, seed).filter(({ what }) => what.includes(' orders ')).length,
      faults: day.faults.length,
      nodes: nodesIn(day),
      options: optionsOf(day).length,
    })
    const sizes = { before: sizeOf(found), after: sizeOf(shrunk.failure) }
    const { runs, finished, failure } = shrunk
    if (json) {
      const about = { file, smaller, check: failure.check, ...sizes, runs, finished, wallSeconds: took() }
      terminal.print(`${JSON.stringify({ ...about, day: failure.day })}\n`)
    } else terminal.print(told(shrunk, sizes, smaller, took(), storyOf(failure), terminal))
    return exitCodes.held
  },
})

/** How much there is of a day. */
interface Size {
  /** What is put into it: acts of guests, deliveries, faults. */
  readonly entries: number
  readonly guests: number
  readonly faults: number
  readonly nodes: number
  /** That differ from a plain day. */
  readonly options: number
}

const nodesIn = ({ cluster }: Day): number => cluster.groups.reduce((sum, { nodes }) => sum + nodes, 0)

function told(
  { failure, runs, finished }: Shrunk,
  { before, after }: { readonly before: Size; readonly after: Size },
  smaller: string,
  took: number,
  story: string,
  { paint }: Terminal,
): string {
  const taken = (Object.keys(before) as (keyof Size)[])
    .filter((what) => before[what] !== after[what])
    .map((what) => `${what} ${before[what]} → ${after[what]}`)
  const end = finished ? 'nothing more can be taken away' : 'time was up: shrink it again to go on'
  return [
    `${failure.day.name}, seed ${failure.seed}`,
    `  taken away  ${taken.join(', ') || 'nothing'}`,
    `  in          ${took.toFixed(1)} s, ${runs} days; ${end}`,
    '',
    story,
    paint.faint(`  npx brigade replay ${smaller}`),
    '',
  ].join('\n')
}
