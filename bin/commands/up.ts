/** `brigade up`: a cluster and its gateway, and nobody in the restaurant but whoever comes over HTTP. */
import {
  clusterOptions,
  defineCommand,
  type Given,
  jsonOption,
  type Options,
  seedOption,
} from '../command-line/command.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { incidentIn } from '../incidents.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { dayNamed } from './day.ts'

export const usualDataFolder = '.brigade'

const upOptions = {
  ...clusterOptions,
  speed: {
    kind: 'number',
    value: 'X',
    about: 'seconds of the restaurant in a real one (default 1, at most 60; with --sim default 60)',
  },
  layout: {
    kind: 'text',
    value: 'NAME',
    about:
      'together: each node has a share of everything (default); apart: each department has nodes of its own',
  },
  'tls-cert': {
    kind: 'text',
    value: 'FILE',
    about:
      'both listeners speak HTTPS with this certificate (or BRIGADE_TLS_CERT); npx brigade certs makes one',
  },
  'tls-key': { kind: 'text', value: 'FILE', about: 'the key of the certificate (or BRIGADE_TLS_KEY)' },
  record: { kind: 'text', value: 'DIR', about: 'each node writes down there what it does, to be replayed' },
  sim: { kind: 'text', value: 'DAY', about: 'simulated: this day plays, and its time can be turned' },
  ...seedOption,
  ...jsonOption,
} as const satisfies Options

export const up = defineCommand({
  name: 'up',
  summary: 'start a cluster and its gateway, without guests',
  options: upOptions,
  about: [
    'Starts node processes on a data folder and keeps them running until Ctrl-C. A node that dies is started again; nobody takes its shards before its end is proven.',
    'With --sim there are no processes and no data: the whole cluster is simulated in this one, with the guests and the faults of a day, behind the same gateway. Its time can be paused, stepped, sought and forked: npx brigade help time.',
    'With --record each node that owns shards keeps a recording of its last 256 MiB of inputs, a file for each life of its memory: npx brigade replay FILE has the same kernel do the same again. When a file of 64 MiB is full, the node loads its shards anew.',
    'Ctrl-C drains: each node hands over what it has, and ends. Started again on the same folder, the cluster goes on from its journal.',
  ],
  examples: [
    { line: 'up', about: 'Three nodes and a gateway on port 4000.' },
    { line: 'up --nodes 5 --speed 60 --data /tmp/brigade', about: 'More of them, in a fast world.' },
    { line: 'up --sim friday-rush --seed 7', about: 'A day that can be wound back.' },
  ],
  next: 'npx brigade status in another terminal; http://127.0.0.1:4000/openapi.json says what guests can do.',
  async run({ options }, terminal) {
    const { data = usualDataFolder, nodes, port, 'ops-port': opsPort, speed, record, json } = options
    if (options.sim !== undefined) return upSimulated(options.sim, options, terminal)
    if (options.seed !== undefined) throw new UsageError('--seed is for --sim DAY.')
    const layout = layoutNamed(options.layout)
    if (nodes === 0) throw new UsageError('--nodes is at least 1.')
    const { runCluster } = await import('../up.ts')
    const { codeVersion } = await import('../code-version.ts')
    const { refreshPages } = await import('../page-folders.ts')
    const tls = await tlsIn(options)
    let isReady = false
    const code = await runCluster(
      {
        dataFolder: data,
        ...(nodes !== undefined && { nodes }),
        ...(layout !== undefined && { layout }),
        ...(port !== undefined && { port }),
        ...(opsPort !== undefined && { opsPort }),
        ...(speed !== undefined && { speed }),
        ...(tls && { tls }),
        ...(record !== undefined && { recording: { folder: record, code: codeVersion() } }),
        report: (event) => {
          const incident = isReady ? incidentIn(event) : undefined
          if (incident !== undefined) terminal.note(`${incident.words}\n`)
        },
      },
      ({ url, opsUrl }) => {
        isReady = true
        refreshPages()
        terminal.print(
          json
            ? `${JSON.stringify({ url, opsUrl, dataFolder: data, pid: process.pid })}\n`
            : openedText({ url, opsUrl, data }),
        )
      },
    )
    if (!json) terminal.print(code === 0 ? drainedText : brokenText)
    return code
  },
})

function layoutNamed(name: string | undefined): 'together' | 'apart' | undefined {
  if (name === undefined || name === 'together' || name === 'apart') return name
  throw new UsageError(`'${name}' is no layout.`, 'It is together or apart.')
}

/** Of the command line, or of the environment. */
async function tlsIn({ 'tls-cert': certFile, 'tls-key': keyFile }: Given<typeof upOptions>['options']) {
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new UsageError('--tls-cert and --tls-key go together.')
  }
  const { checkedTls, tlsOf } = await import('../certificates.ts')
  if (certFile !== undefined && keyFile !== undefined) return tlsOf(certFile, keyFile)
  const { settingOf } = await import('../settings.ts')
  const [cert, key] = [settingOf('BRIGADE_TLS_CERT'), settingOf('BRIGADE_TLS_KEY')]
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError('BRIGADE_TLS_CERT and BRIGADE_TLS_KEY go together.')
  }
  return cert !== undefined && key !== undefined ? checkedTls({ cert, key }) : undefined
}

async function upSimulated(
  name: string,
  {
    data,
    nodes,
    layout,
    record,
    seed = 1,
    speed = 60,
    port,
    'ops-port': opsPort,
    json,
  }: Given<typeof upOptions>['options'],
  terminal: Terminal,
): Promise<number> {
  if (data !== undefined) throw new UsageError('--data is not for --sim: a simulated cluster keeps nothing.')
  if (record !== undefined) throw new UsageError('--record is not for --sim: its day and seed say all.')
  if (layout !== undefined)
    throw new UsageError('--layout is not for --sim: its nodes have a share of everything.')
  if (nodes !== undefined) throw new UsageError('--nodes is not for --sim: the day says how many there are.')
  if (!(speed > 0)) throw new UsageError('--speed is above 0.')
  const { days } = await import('#scenarios')
  const day = dayNamed(days, name)
  const { startSimulated } = await import('../simulated/up-simulated.ts')
  const { refreshPages } = await import('../page-folders.ts')
  const ended = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
  const { url, opsUrl, close } = await startSimulated({
    day,
    seed,
    speed,
    ...(port !== undefined && { port }),
    ...(opsPort !== undefined && { opsPort }),
  })
  refreshPages()
  terminal.print(
    json
      ? `${JSON.stringify({ url, opsUrl, day: name, seed, speed, pid: process.pid })}\n`
      : simulatedText({ url, opsUrl, title: day.title, seed, speed }),
  )
  await ended
  await close()
  return 0
}

function simulatedText({
  url,
  opsUrl,
  title,
  seed,
  speed,
}: {
  readonly url: string
  readonly opsUrl: string
  readonly title: string
  readonly seed: number
  readonly speed: number
}): string {
  return [
    `${title}, simulated, seed ${seed}, at ×${speed}.`,
    '',
    `  guests     ${url}/`,
    `  inspector  ${opsUrl}/`,
    '',
    'In another terminal: npx brigade time, npx brigade time pause, npx brigade time seek 19:30. Ctrl-C ends it.',
    '',
  ].join('\n')
}

function openedText({
  url,
  opsUrl,
  data,
}: {
  readonly url: string
  readonly opsUrl: string
  readonly data: string
}): string {
  return [
    'The restaurant is open.',
    '',
    `  guests     ${url}/`,
    `  inspector  ${opsUrl}/`,
    `  data       ${data}`,
    '',
    'In another terminal: npx brigade status. Ctrl-C drains, and a second one kills.',
    '',
  ].join('\n')
}

const drainedText = 'Drained: nothing is lost. Started again, it goes on from here.\n'
const brokenText =
  'It ended without draining. What was acknowledged is in the journal: started again, it goes on from there.\n'
