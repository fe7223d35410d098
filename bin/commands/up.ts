/** `brigade up`: a cluster and its gateway, and nobody in the restaurant but whoever comes over HTTP. */
import { clusterOptions, defineCommand, jsonOption } from '../command-line/command.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { incidentIn } from '../incidents.ts'

export const usualDataFolder = '.brigade'

export const up = defineCommand({
  name: 'up',
  summary: 'start a cluster and its gateway, without guests',
  options: {
    ...clusterOptions,
    speed: {
      kind: 'number',
      value: 'X',
      about: 'seconds of the restaurant in a real one (default 1, at most 60)',
    },
    ...jsonOption,
  },
  about: [
    'Starts node processes on a data folder and keeps them running until Ctrl-C. A node that dies is started again; nobody takes its shards before its end is proven.',
    'Ctrl-C drains: each node hands over what it has, and ends. Started again on the same folder, the cluster goes on from its journal.',
  ],
  examples: [
    { line: 'up', about: 'Three nodes and a gateway on port 4000.' },
    { line: 'up --nodes 5 --speed 60 --data /tmp/brigade', about: 'More of them, in a fast world.' },
  ],
  next: 'npx brigade status in another terminal; http://127.0.0.1:4000/openapi.json says what guests can do.',
  async run({ options }, terminal) {
    const { data = usualDataFolder, nodes, port, 'ops-port': opsPort, speed, json } = options
    if (nodes === 0) throw new UsageError('--nodes is at least 1.')
    const { runCluster } = await import('../up.ts')
    let isReady = false
    const code = await runCluster(
      {
        dataFolder: data,
        ...(nodes !== undefined && { nodes }),
        ...(port !== undefined && { port }),
        ...(opsPort !== undefined && { opsPort }),
        ...(speed !== undefined && { speed }),
        report: (event) => {
          const incident = isReady ? incidentIn(event) : undefined
          if (incident !== undefined) terminal.note(`${incident.words}\n`)
        },
      },
      ({ url, opsUrl }) => {
        isReady = true
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
    `  guests     ${url}/api/v1/menu`,
    `  operators  ${opsUrl}/ops/v1/cluster`,
    `  data       ${data}`,
    '',
    'In another terminal: npx brigade status. Ctrl-C drains, and a second one kills.',
    '',
  ].join('\n')
}

const drainedText = 'Drained: nothing is lost. Started again, it goes on from here.\n'
const brokenText =
  'It ended without draining. What was acknowledged is in the journal: started again, it goes on from there.\n'
