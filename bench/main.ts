/**
 * `npm run bench [-- p2 p3 …] [-- --json]`: Brigade beside others, in one run on this machine.
 *
 * Each promise is measured in a process of its own, one after the other: what one leaves in the heap and in the
 * compiler does not touch the next.
 *
 * Owns:     which promises there are, and the processes.
 * Does not: measure (one file per promise), or say whether a goal is fair (docs).
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { isHeld, type Report } from './side-by-side.ts'
import { tableOf } from './table.ts'

type Measure = () => Promise<Report>
const promises: Readonly<Record<string, () => Promise<{ readonly measure: Measure }>>> = {
  p2: () => import('./p2-local-tell.ts'),
  p3: () => import('./p3-durable-turns.ts'),
  p4: () => import('./p4-remote.ts'),
  p7: () => import('./p7-simulated-day.ts'),
  p8: () => import('./p8-queue.ts'),
  p9: () => import('./p9-memory.ts'),
  p5: () => import('./p5-recovery.ts'),
  viewers: () => import('./viewers.ts'),
  'read-models': () => import('./read-models.ts'),
  backup: () => import('./backup.ts'),
}

const usage = `npm run bench [-- ${Object.keys(promises).join(' | ')} …] [-- --json]`

/** In a process of its own. */
async function measureOne(name: string): Promise<void> {
  const report = await (await promises[name]?.())?.measure()
  process.send?.(report, () => process.exit(0))
}

async function reportOf(name: string): Promise<Report> {
  const child = fork(import.meta.filename, ['--measure', name], {
    execArgv: ['--expose-gc'],
    // What it may print is not part of what is piped.
    stdio: ['ignore', process.stderr, process.stderr, 'ipc'],
  })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} ended with ${code} and no report.`)
  })
  return await Promise.race([once(child, 'message').then(([report]) => report as Report), ended])
}

async function main(args: readonly string[]): Promise<number> {
  const wanted = args.filter((arg) => arg !== '--json')
  const unknown = wanted.find((name) => promises[name] === undefined)
  if (unknown !== undefined) {
    console.error(`There is no '${unknown}'. Usage: ${usage}`)
    return 2
  }
  const asJson = args.includes('--json')
  const reports: Report[] = []
  if (!asJson)
    console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}\n`)
  for (const name of wanted.length > 0 ? wanted : Object.keys(promises)) {
    const report = await reportOf(name)
    reports.push(report)
    if (!asJson) console.log(tableOf(report))
  }
  const goals = reports.flatMap((report) => report.goals)
  const held = goals.filter(isHeld).length
  if (asJson) {
    const judged = reports.map((report) => ({
      ...report,
      goals: report.goals.map((goal) => ({ ...goal, held: isHeld(goal) })),
    }))
    console.log(JSON.stringify({ node: process.version, cpus: cpus().length, reports: judged }, undefined, 2))
  } else console.log(`${held} of ${goals.length} goals held`)
  return 0
}

const [first, name = '', ...rest] = process.argv.slice(2)
if (first === '--measure') await measureOne(name)
else
  process.exitCode = await main(first === undefined ? [] : [first, name, ...rest].filter((arg) => arg !== ''))
