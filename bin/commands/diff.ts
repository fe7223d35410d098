/**
 * `brigade diff`: the same day simulated and live, and whether its figures agree.
 *
 * Owns:     what is run in either world, and what a disagreement is worth.
 */
import { availableParallelism } from 'node:os'
import { clusterOptions, defineCommand, jsonOption } from '../command-line/command.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { clearLine } from '../terminal/terminal.ts'
import { dayNamed, usualSpeed } from './day.ts'

const usualDays = 10

export const diff = defineCommand({
  name: 'diff',
  summary: 'the same day simulated and live: do they agree',
  args: [{ name: 'DAY', about: 'which day; npx brigade day lists them' }],
  options: {
    days: { kind: 'count', value: 'N', about: `simulated days (default ${usualDays})` },
    'live-days': { kind: 'count', value: 'N', about: 'live days (default 1)' },
    'first-seed': { kind: 'count', value: 'N', about: 'where both worlds begin (default 1)' },
    speed: {
      kind: 'number',
      value: 'X',
      about: `seconds of the restaurant in a real one (default ${usualSpeed})`,
    },
    nodes: clusterOptions.nodes,
    jobs: { kind: 'count', value: 'N', about: 'simulated days side by side (default: one for each core)' },
    ...jsonOption,
  },
  about: [
    'Plays a day in the simulator under several seeds, and then on real processes, with real HTTP and a real disk, under the first of the same seeds. Orders completed, ticket time and the share of guests who give up have to agree: the live figure must lie where another simulated day might have, at 95 %. And every check has to hold in both worlds.',
    'The other figures are shown, and decide nothing: the wait at the door, for one, is that of this machine. `same seed` is the difference between the live day and the simulated one with the same guests.',
  ],
  examples: [
    { line: 'diff friday-rush', about: 'Ten simulated Fridays, and a live one in twelve minutes.' },
    { line: 'diff quiet-tuesday --speed 240 --live-days 2', about: 'Faster, and twice.' },
  ],
  next: 'exit codes: 0 they agree, 13 they do not; 10, 11 or 12 when a check does not hold in one of them.',
  async run({ args: [name = ''], options }, terminal) {
    const {
      days: simulatedDays = usualDays,
      'live-days': liveDays = 1,
      'first-seed': firstSeed = 1,
    } = options
    const { speed = usualSpeed, nodes, jobs = availableParallelism(), json } = options
    if (simulatedDays < 3) throw new UsageError('--days is at least 3: fewer say nothing of how days differ.')
    if (liveDays === 0) throw new UsageError('--live-days is at least 1.')
    if (jobs === 0) throw new UsageError('--jobs is at least 1.')
    if (nodes === 0) throw new UsageError('--nodes is at least 1.')
    const { days } = await import('#scenarios')
    const { withNodes } = await import('#day')
    const { runDiff } = await import('../study/run-diff.ts')
    const { diffReport } = await import('../study/diff-report.ts')
    const { codeVersion } = await import('../code-version.ts')
    const named = dayNamed(days, name)
    const day = nodes === undefined ? named : withNodes(named, nodes)
    const startedAt = performance.now()
    const isShown = terminal.isScreen && json !== true
    const rules = { simulatedDays, liveDays, firstSeed, speed, jobs }
    const found = await runDiff(day, rules, (progress) => {
      if (isShown) terminal.note(`${clearLine}${name}: ${progress}`)
    })
    if (isShown) terminal.note(clearLine)
    const size = nodes === undefined ? '' : ` --nodes ${nodes}`
    const words = {
      title: day.title,
      ...rules,
      wallSeconds: (performance.now() - startedAt) / 1_000,
      command: `npx brigade diff ${name} --days ${simulatedDays} --live-days ${liveDays} --first-seed ${firstSeed} --speed ${speed}${size}`,
      commit: codeVersion(),
    }
    if (json) terminal.print(`${JSON.stringify({ day: name, ...words, ...found })}\n`)
    else terminal.print(diffReport(found, words, terminal.paint))
    return found.exitCode
  },
})
