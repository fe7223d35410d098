/**
 * `brigade mutants`: plants bugs on purpose, one at a time, and looks whether the checks find each of them.
 *
 * Owns:     which mutants are hunted, and what is told of them.
 */
import { availableParallelism } from 'node:os'
import { relative } from 'node:path'
import { defineCommand, jsonOption } from '../command-line/command.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { didYouMean } from '../command-line/nearest.ts'
import { UsageError } from '../command-line/usage-error.ts'
import type { Hunted } from '../mutants/hunt.ts'
import { isLayer, layers, type Mutant } from '../mutants/mutant.ts'
import { table } from '../terminal/table.ts'
import { clearLine, type Terminal } from '../terminal/terminal.ts'

const usualForMs = 180_000

export const mutants = defineCommand({
  name: 'mutants',
  summary: 'plant bugs on purpose, and see each of them found',
  args: [
    {
      name: 'ID',
      about: `a mutant, or all of a layer: ${layers.join(', ')}; without one, every mutant there is`,
      optional: true,
      many: true,
    },
  ],
  options: {
    for: { kind: 'duration', value: 'TIME', about: 'how long each of its hunters may look (default 3m)' },
    jobs: { kind: 'count', value: 'N', about: 'hunts side by side (default: one for each core)' },
    list: { kind: 'flag', about: 'only say which there are, and what is wrong with each' },
    build: { kind: 'flag', about: 'only make the build, keep it, and say how any command is run in it' },
    ...jsonOption,
  },
  about: [
    'A check that cannot fail proves nothing. Each mutant is one bug in one place of the source, in a copy of this folder: the code that is shipped knows nothing of them.',
    'Those of kernel, host, cluster and actors have to be found by the search under faults: by drawn evenings, or by the checks of the commit protocol. Those of journals, transport and gateway by the suites that every adapter and route passes. A mutant that a day without faults finds does not count.',
    'Which there are stands in bin/mutants/registry; adding one changes nothing else.',
  ],
  examples: [
    { line: 'mutants', about: 'All of them, in an hour or less.' },
    { line: 'mutants journal', about: 'Those of one layer.' },
    { line: 'mutants skip-seal --build', about: 'Then any command runs with that bug in it.' },
    {
      line: 'mutants --json',
      about: 'One JSON document: each with who found it, how and after how many seeds.',
    },
  ],
  next: 'exit codes: 0 all were found, 12 one was not.',
  async run({ args, options }, terminal) {
    const { for: forMs = usualForMs, jobs = availableParallelism(), json = false } = options
    if (jobs === 0) throw new UsageError('--jobs is at least 1.')
    const { mutants: all } = await import('../mutants/registry/index.ts')
    const chosen = choose(all, args)
    if (options.list) {
      terminal.print(json ? `${JSON.stringify({ mutants: chosen })}\n` : listed(chosen))
      return exitCodes.held
    }
    const { buildWith, cloneRoot } = await import('../mutants/build.ts')
    const root = cloneRoot()
    if (root === undefined) {
      throw new UsageError('A mutant is a change of the source, and this is an installed package.')
    }
    if (options.build) {
      for (const mutant of chosen)
        terminal.print(built(mutant, relative(process.cwd(), buildWith(mutant, root))))
      return exitCodes.held
    }

    const { huntAll } = await import('../mutants/hunt.ts')
    const ended: Hunted[] = []
    await huntAll(chosen, root, Math.min(jobs, chosen.length), forMs, (hunted) => {
      ended.push(hunted)
      if (json) return
      terminal.print(lineOf(hunted, terminal))
      if (terminal.isScreen && ended.length < chosen.length)
        terminal.note(`${clearLine}${ended.length} of ${chosen.length}`)
    })
    const inOrder = chosen.flatMap(({ id }) => ended.filter((hunted) => hunted.id === id))
    const survivors = inOrder.filter(({ killed }) => !killed)
    const exitCode = survivors.length === 0 ? exitCodes.held : exitCodes.safety
    if (json) {
      const command = ['npx brigade mutants', ...args].join(' ')
      terminal.print(`${JSON.stringify({ command, ...counts(inOrder), exitCode, mutants: inOrder })}\n`)
    } else terminal.print(reportOf(inOrder, terminal))
    return exitCode
  },
})

function choose(all: readonly Mutant[], names: readonly string[]): readonly Mutant[] {
  if (names.length === 0) return all
  return names.flatMap((name) => {
    const found = all.filter(({ id, where }) => id === name || (isLayer(name) && where === name))
    if (found.length > 0) return found
    const known = [...layers, ...all.map(({ id }) => id)]
    throw new UsageError(
      `There is no mutant '${name}'. ${didYouMean(name, known) ?? ''}`.trim(),
      'npx brigade mutants --list names them.',
    )
  })
}

const listed = (chosen: readonly Mutant[]): string =>
  `${table(
    [{ title: 'id' }, { title: 'where' }, { title: 'what is wrong' }],
    chosen.map(({ id, where, what }) => [id, where, what]),
  ).join('\n')}\n`

const built = ({ id, what }: Mutant, folder: string): string =>
  `${id}: ${what}\n  node ${folder}/dist/bin/main.js explore --seeds 100 --out ${folder}/found\n  rm -r ${folder}\n`

function lineOf(hunted: Hunted, { isScreen, paint }: Terminal): string {
  const { id, where, killed, killedBy, seed, seeds, check, detail, problem, wallSeconds } = hunted
  const clear = isScreen ? clearLine : ''
  const took = paint.faint(`${wallSeconds.toFixed(1)} s`)
  if (!killed) return `${clear}${paint.red('✗')} ${id} (${where}) survives: ${problem}  ${took}\n`
  const after = seed === undefined ? '' : `, seed ${seed} after ${seeds}`
  return `${clear}✓ ${id} (${where}) found by ${killedBy}${after}: ${check}${detail ? `: ${shortened(detail)}` : ''}  ${took}\n`
}

const detailMax = 120
const shortened = (text: string): string => (text.length <= detailMax ? text : `${text.slice(0, detailMax)}…`)

function counts(all: readonly Hunted[]) {
  const of = (some: readonly Hunted[]) => ({
    planted: some.length,
    killed: some.filter(({ killed }) => killed).length,
  })
  return { ...of(all), blind: of(all.filter(({ author }) => author === 'blind')) }
}

function reportOf(all: readonly Hunted[], { paint }: Terminal): string {
  const { planted, killed, blind } = counts(all)
  const verdict =
    killed === planted
      ? `All ${planted} were found.`
      : paint.red(`${planted - killed} of ${planted} survive.`)
  const rows = layers.flatMap((layer) => {
    const here = all.filter(({ where }) => where === layer)
    if (here.length === 0) return []
    return [[layer, String(here.filter((one) => one.killed).length), String(here.length)]]
  })
  return [
    '',
    `  ${verdict}`,
    '',
    ...table(
      [{ title: 'where' }, { title: 'found', align: 'right' }, { title: 'planted', align: 'right' }],
      rows,
    ).map((line) => `  ${line}`),
    ...(blind.planted === 0
      ? []
      : ['', `  Of these ${blind.killed} of ${blind.planted} by people who have not read the checks.`]),
    '',
  ].join('\n')
}
