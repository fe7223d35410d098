/**
 * `npm start`: a restaurant that is busy, on a cluster that may be hurt.
 *
 * Owns:     the course: the cluster starts, services are played, the board is shown, Ctrl-C drains.
 * Does not: lay out the board, know guests, or start nodes.
 */
import { type Day, timeUs } from '#day'
import type { LauncherEvent, NodeStatus } from '#live'
import { site } from '../../cluster.config.ts'
import { exitCodes } from '../command-line/exit-codes.ts'
import { incidentIn } from '../incidents.ts'
import { type DayClock, worldBefore } from '../live-day/day-clock.ts'
import { openingsOf } from '../live-day/openings.ts'
import type { ShownNode } from '../operator.ts'
import { refreshPages } from '../page-folders.ts'
import { Screen } from '../terminal/screen.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { type RunningCluster, runCluster } from '../up.ts'
import { boardLine, boardLines, type Shown, type Told } from './board.ts'
import { GuestBook } from './guest-book.ts'
import { playServices } from './services.ts'
import { Tally } from './tally.ts'
import { Traffic } from './traffic.ts'

export interface StartOptions {
  readonly day: Day
  readonly seed: number
  readonly dataFolder: string
  readonly nodes: number
  readonly speed: number
  readonly port?: number
  readonly opsPort?: number
}

const frameMs = 400
const lineMs = 5_000
const incidentsMax = 20

export async function start(options: StartOptions, terminal: Terminal): Promise<number> {
  const { day, dataFolder, nodes, speed, port, opsPort } = options
  terminal.note(`Starting ${nodes} node${nodes === 1 ? '' : 's'} and a gateway on ${dataFolder} …\n`)
  let restaurant: Restaurant | undefined
  let isEnding = false
  const end = (): void => {
    if (isEnding) return
    isEnding = true
    restaurant?.close()
    terminal.note('Draining: each node hands over what it has, and ends. Ctrl-C again kills.\n')
  }
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
  try {
    const code = await runCluster(
      {
        dataFolder,
        nodes,
        speed,
        worldFrom: worldBefore(timeUs(day.open), speed),
        openings: openingsOf(day, site),
        ...(port !== undefined && { port }),
        ...(opsPort !== undefined && { opsPort }),
        report: (event) => restaurant?.happened(event),
      },
      (cluster) => {
        refreshPages()
        if (!isEnding) restaurant = new Restaurant(options, cluster, terminal)
      },
    )
    restaurant?.close()
    return ended(code, restaurant, terminal)
  } finally {
    restaurant?.close()
    process.removeListener('SIGINT', end)
    process.removeListener('SIGTERM', end)
  }
}

function ended(code: 0 | 1, restaurant: Restaurant | undefined, { print, paint }: Terminal): number {
  const problems = restaurant?.problems ?? []
  for (const problem of problems) print(`${paint.red(problem)}\n`)
  if (problems.length > 0) return exitCodes.safety
  const open = restaurant?.openOrders ?? 0
  const waiting = open === 0 ? '' : `, ${open} order${open === 1 ? ' is' : 's are'} open`
  print(
    code === 0
      ? `Drained: nothing lost${waiting}. npm start goes on from here.\n`
      : `It ended without draining${waiting}. What was acknowledged is in the journal: npm start goes on from there.\n`,
  )
  return code === 0 ? exitCodes.held : exitCodes.usage
}

class Restaurant {
  readonly #options: StartOptions
  readonly #cluster: RunningCluster
  readonly #terminal: Terminal
  readonly #tally: Tally
  readonly #traffic = new Traffic()
  readonly #screen: Screen
  readonly #over = new AbortController()
  readonly #ticker: NodeJS.Timeout
  readonly #incidents: Told[] = []
  #clock: DayClock | undefined
  #service = { number: 1, seed: 0, expected: 0 }
  #restarts = 0
  #last: readonly string[] = []

  constructor(options: StartOptions, cluster: RunningCluster, terminal: Terminal) {
    this.#options = options
    this.#cluster = cluster
    this.#terminal = terminal
    this.#tally = new Tally(cluster.provider.ledger)
    this.#screen = new Screen(terminal)
    const { day, seed, dataFolder } = options
    const { url, opsUrl, world, launcher } = cluster
    const book = new GuestBook(dataFolder)
    playServices({
      day,
      seed,
      url,
      opsUrl,
      world,
      book,
      signal: this.#over.signal,
      changed: (guest) => this.#tally.changed(guest),
      began: ({ number, seed }, clock, expected) => {
        this.#clock = clock
        this.#service = { number, seed, expected }
        this.#tally.begin(book.gone.values())
      },
    }).catch((error: Error) => {
      if (!this.#over.signal.aborted) void launcher.execute({ kind: 'halt', cause: String(error.stack) })
    })
    if (!terminal.isScreen) terminal.note(`Guests order at ${url}/, and ${opsUrl}/ shows it all.\n`)
    this.#ticker = setInterval(() => void this.#show(), terminal.isScreen ? frameMs : lineMs)
    void this.#show()
  }

  get problems(): readonly string[] {
    return this.#tally.view(performance.now()).problems
  }

  get openOrders(): number {
    const { stages } = this.#tally.view(performance.now())
    return Object.values(stages).reduce((sum, count) => sum + count, 0)
  }

  happened(event: LauncherEvent): void {
    if (this.#over.signal.aborted) return
    const incident = incidentIn(event)
    if (incident === undefined) return
    if (event.kind === 'ended' && incident.isTrouble) this.#restarts += 1
    this.#incidents.push({ at: this.#clock?.now() ?? 0, ...incident })
    if (this.#incidents.length > incidentsMax) this.#incidents.shift()
    if (!this.#terminal.isScreen) this.#terminal.note(`${incident.words}\n`)
  }

  /** Guests go home, and the screen is given back with the last board on it. */
  close(): void {
    if (this.#over.signal.aborted) return
    this.#over.abort(new Error('The restaurant closes.'))
    clearInterval(this.#ticker)
    this.#screen.close()
    if (this.#last.length > 0) this.#terminal.print(`${this.#last.join('\n')}\n\n`)
  }

  async #show(): Promise<void> {
    const status = await this.#cluster.launcher.execute({ kind: 'status' })
    if (status.kind !== 'status' || this.#over.signal.aborted) return
    const shown = this.#shown(status.nodes)
    if (this.#terminal.isScreen) {
      this.#last = boardLines(shown, this.#terminal.paint, this.#terminal.rows)
      this.#screen.show(this.#last)
    } else this.#terminal.print(`${boardLine(shown)}\n`)
  }

  #shown(nodes: readonly NodeStatus[]): Shown {
    const { day, speed } = this.#options
    const { url, opsUrl } = this.#cluster
    const now = performance.now()
    const { number, seed, expected } = this.#service
    return {
      title: day.title,
      at: this.#clock?.now() ?? 0,
      speed,
      service: number,
      seed,
      expected,
      tally: this.#tally.view(now),
      rates: this.#traffic.take(nodes, now),
      nodes: nodes.map(shownNode),
      restarts: this.#restarts,
      incidents: this.#incidents,
      url,
      opsUrl,
    }
  }
}

function shownNode({ node, group, phase, paused, life, pid, health }: NodeStatus): ShownNode {
  const { shardsOwned = 0, ...gauges } = health?.counters ?? {}
  return {
    id: node,
    group,
    state: paused ? 'paused' : phase,
    life,
    ...(pid !== undefined && { pid }),
    shardsOwned,
    counters: {},
    gauges: { ...gauges, ...(health && { rssBytes: health.rssBytes }) },
    latencies: {},
  }
}
