/** `brigade start`, which is `npm start`: a busy restaurant on a cluster that wants to be hurt. */
import { clusterOptions, defineCommand, seedOption } from '../command-line/command.ts'
import { didYouMean } from '../command-line/nearest.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { usualDataFolder } from './up.ts'

const usualDay = 'friday-rush'
const usualSpeed = 60
const usualNodes = 3

export const start = defineCommand({
  name: 'start',
  summary: 'a busy restaurant on a cluster, on your screen',
  args: [{ name: 'DAY', about: `whose guests come (default ${usualDay})`, optional: true }],
  options: {
    ...clusterOptions,
    ...seedOption,
    speed: {
      kind: 'number',
      value: 'X',
      about: `seconds of the restaurant in a real one (default ${usualSpeed}, at most 60)`,
    },
  },
  about: [
    'What npm start runs. Three nodes and a gateway start on ./.brigade, guests come over HTTP as on a Friday, sixty times as fast, and the screen shows their orders, the traffic, the nodes, and what has to hold: no order lost, none doubled, and exactly the bills in the till.',
    'Meanwhile hurt it from another terminal. A day that is over is followed by the next one.',
    'Ctrl-C drains. Started again it goes on from there: with the same orders open, the same guests waiting for them, at the same time of day.',
  ],
  examples: [
    { line: 'start', about: 'The whole thing.' },
    { line: 'start quiet-tuesday --speed 20', about: 'A slower one.' },
    { line: 'start --port 5000 --ops-port 5001 --data /tmp/second', about: 'A second one beside it.' },
  ],
  next: 'npx brigade crash node-2, in another terminal.',
  async run({ args: [name = usualDay], options }, terminal) {
    const { data = usualDataFolder, nodes = usualNodes, speed = usualSpeed, seed = 1 } = options
    const { port, 'ops-port': opsPort } = options
    if (nodes === 0) throw new UsageError('--nodes is at least 1.')
    const { days } = await import('#scenarios')
    const day = Object.hasOwn(days, name) ? days[name] : undefined
    if (day === undefined) {
      const names = Object.keys(days)
      throw new UsageError(
        `There is no day '${name}'. ${didYouMean(name, names) ?? ''}`.trim(),
        `Days: ${names.join(', ')}.`,
      )
    }
    const { start } = await import('../start/run.ts')
    return start(
      {
        day,
        seed,
        dataFolder: data,
        nodes,
        speed,
        ...(port !== undefined && { port }),
        ...(opsPort !== undefined && { opsPort }),
      },
      terminal,
    )
  },
})
