/**
 * `brigade up --sim DAY`: the gateway in front of a simulated cluster, and its clock in an operator's hands.
 *
 * Owns:     the parts and their order, and the forks that were made.
 * Does not: know what a command prints.
 */
import { drawInteger } from '#actor'
import { type Day, type Moment, ReplayableDay, type ReplayableDayOptions, site } from '#day'
import { type Gateway, startGateway } from '#gateway'
import { inspectorFolder, storefrontFolder } from '../page-folders.ts'
import { isReadOnly, operatorToken } from '../settings.ts'
import { NodeCounts } from './node-counts.ts'
import { PlayedDay } from './played-day.ts'
import { SimulatedCluster } from './simulated-cluster.ts'
import { SimulatedFaults } from './simulated-faults.ts'

export interface SimulatedOptions {
  readonly day: Day
  readonly seed: number
  /** Seconds of the world in a real one. */
  readonly speed: number
  /** Where guests and operators come in. Default 4000 and 4001; 0 takes any free port. */
  readonly port?: number
  readonly opsPort?: number
}

export interface RunningSimulation {
  readonly url: string
  readonly opsUrl: string
  /** Ends its forks, too. */
  close(): Promise<void>
}

/** The same for the same seed: who has logged in stays so in a fork, and after winding back. */
const keyOf = (seed: number): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, n) => drawInteger(256, seed, 'service-key', n))

/** Each takes as much memory as the cluster that it was made of. */
const forksMax = 4

/**
 * Resolves when the house is open and both listeners answer.
 *
 * @throws ClusterError `PORT_IN_USE`, `DAY_FAULT_UNSUPPORTED`.
 */
export async function startSimulated(options: SimulatedOptions): Promise<RunningSimulation> {
  const { day, seed, speed, port, opsPort } = options
  const forks: Promise<Gateway>[] = []

  /** A day, made with these eyes on it, plays behind a gateway of its own. */
  async function play(
    make: (seen: ReplayableDayOptions) => ReplayableDay,
    ports: { readonly port?: number; readonly opsPort?: number },
    at?: Moment,
  ): Promise<Gateway> {
    const counts = new NodeCounts()
    let client: SimulatedCluster | undefined
    const played = make({
      observer: (node) => counts.observer(node),
      onCommit: (commit) => client?.committed(commit),
    })
    const time = new PlayedDay(played, {
      speed,
      ...(at && { at }),
      rewound: () => client?.rewound(),
      fork: async () => {
        if (forks.length >= forksMax) return 'too-many'
        const { moment } = played
        const fork = play((seen) => played.fork(seen), { port: 0, opsPort: 0 }, moment)
        forks.push(fork)
        const { url, opsUrl } = await fork
        return { url, opsUrl, events: moment.events }
      },
    })
    client = new SimulatedCluster({ play: played, counts, time })
    await time.arrived()
    const token = operatorToken()
    const gateway = await startGateway({
      client,
      site,
      time,
      faults: new SimulatedFaults(played, time),
      inspector: inspectorFolder,
      storefront: storefrontFolder,
      accounts: { serviceKey: keyOf(seed) },
      ...(token !== undefined && { token }),
      ...(isReadOnly() && { isReadOnly: true }),
      ...ports,
    })
    const close = async (): Promise<void> => {
      time.close()
      client?.close()
      await gateway.close()
    }
    return { ...gateway, close }
  }

  const first = await play((seen) => new ReplayableDay(day, seed, seen), {
    ...(port !== undefined && { port }),
    ...(opsPort !== undefined && { opsPort }),
  })
  const close = async (): Promise<void> => {
    await Promise.all([first, ...(await Promise.all(forks))].map((gateway) => gateway.close()))
  }
  return { url: first.url, opsUrl: first.opsUrl, close }
}
