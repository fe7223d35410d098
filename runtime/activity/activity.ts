/**
 * Looks at one node for as long as somebody watches it.
 *
 * What is in memory now (which actors, their states and mailboxes) is looked up at each frame. What happens between two
 * frames is told by the observer's events. Nothing of this exists while nobody watches.
 *
 * Owns:     the numbers of actors, words and edges, and what of them was told before.
 * Does not: decide when to look, or send.
 *
 * Invariants:
 *   A1. Rows of types count every event since the watch began.
 *   A2. It holds no more than `activityBounds` says, however many actors there are.
 *   A3. A number of an actor is given to another only after `gone` has told that it is free.
 */
import { type ActorId, type Instant, typeOf } from '#actor'
import { type InspectionEvent, type NodeId, type UsedBudget, type Via, vias } from '#ports'
import {
  type ActivityFrame,
  actorColumns,
  edgeColumns,
  flowColumns,
  type Incident,
  outside,
  rowStatuses,
  typeColumns,
} from './activity-frame.ts'

/** An actor that a node has in memory. */
export interface Resident {
  readonly id: ActorId
  readonly status: Exclude<(typeof rowStatuses)[number], 'elsewhere'>
  /** As its machine tells it; undefined while it is loading or absent. */
  readonly state: unknown
  /** Messages that wait. */
  readonly mailbox: number
}

export const activityBounds = {
  /** Rows of actors. Those beyond it are counted by type alone. */
  actorsMax: 5_000,
  /** Rows of edges between actors. */
  edgesMax: 10_000,
  /** Of the edges of one frame. */
  edgesPerFrame: 2_000,
  /** Messages shown one by one, of a frame. */
  flowPerFrame: 50,
  incidentsPerFrame: 100,
  /** An actor that has left memory keeps its row so many frames. */
  framesKept: 100,
} as const

interface ActorRow {
  readonly number: number
  readonly id: ActorId
  readonly type: TypeRow
  readonly edges: Map<ActorRow | undefined, EdgeRow[]>
  status: number
  state: unknown
  stateWord: number
  mailbox: number
  handled: number
  failed: number
  restarts: number
  /** The frame in which it was in memory, or heard of, for the last time. */
  seenIn: number
  isTold: boolean
  isChanged: boolean
}

interface TypeRow {
  readonly word: number
  residents: number
  mailbox: number
  handled: number
  failed: number
  restarts: number
  deadLetters: number
}

interface EdgeRow {
  readonly from: ActorRow | undefined
  readonly to: ActorRow
  readonly via: number
  count: number
  isChanged: boolean
}

const viaNumbers = Object.fromEntries(vias.map((via, n) => [via, n])) as Readonly<Record<Via, number>>
const statusNumbers = Object.fromEntries(rowStatuses.map((status, n) => [status, n])) as Readonly<
  Record<(typeof rowStatuses)[number], number>
>

export class Activity {
  readonly #about: { readonly node: NodeId; readonly life: number; readonly watch: number }
  readonly #bounds: Readonly<Record<keyof typeof activityBounds, number>>
  #sequence = 0
  readonly #words = new Map<string, number>()
  #wordsTold = 0
  readonly #types = new Map<string, TypeRow>()
  readonly #actors = new Map<ActorId, ActorRow>()
  readonly #free: number[] = []
  #numbers = 0
  readonly #edges: EdgeRow[] = []
  /** Where the next frame begins: of very many edges that change all the time, none is never told. */
  #edgeAt = 0
  #turns = 0
  #stride = 1
  #flow: number[] = []
  #flowAt: Instant[] = []
  #incidents: Incident[] = []
  #incidentsDropped = 0

  constructor(
    node: NodeId,
    { life, watch }: { readonly life: number; readonly watch: number },
    bounds: Partial<typeof activityBounds> = {},
  ) {
    this.#about = { node, life, watch }
    this.#bounds = { ...activityBounds, ...bounds }
  }

  /** An event of the node's observer. */
  seen(event: InspectionEvent): void {
    if (event.kind === 'turn') this.#turn(event)
    else this.#incident(event)
  }

  /** What has changed since the frame before; the first one, and one that is wanted whole, tell all there is. */
  frame(
    residents: Iterable<Resident>,
    at: Instant,
    isWholeWanted = false,
    budgets: readonly UsedBudget[] = [],
  ): ActivityFrame {
    this.#sequence += 1
    const whole = isWholeWanted || this.#sequence === 1
    this.#look(residents)
    const gone = this.#forget()
    const isTold = (row: ActorRow): boolean => row.isTold && !whole
    const rows = [...this.#actors.values()].filter((row) => row.isChanged || !isTold(row))
    // What has no room in this frame comes with the next one.
    if (whole) for (const edge of this.#edges) edge.isChanged = true
    const told = this.#edgesInTurn()
    const firstWord = whole ? 0 : this.#wordsTold
    const frame: ActivityFrame = {
      head: {
        ...this.#about,
        sequence: this.#sequence,
        at,
        whole,
        firstWord,
        words: [...this.#words.keys()].slice(firstWord),
        named: rows.filter((row) => !isTold(row)).map(({ number, id }) => [number, id]),
        gone,
        stride: this.#stride,
        incidents: this.#incidents,
        incidentsDropped: this.#incidentsDropped,
        ...(budgets.length > 0 && { budgets }),
      },
      types: table(typeColumns, [...this.#types.values()], (row) => [
        row.word,
        row.residents,
        row.mailbox,
        row.handled,
        row.failed,
        row.restarts,
        row.deadLetters,
      ]),
      actors: table(actorColumns, rows, (row) => [
        row.number,
        row.type.word,
        row.status,
        row.stateWord,
        row.mailbox,
        row.handled,
        row.failed,
        row.restarts,
      ]),
      edges: table(edgeColumns, told, ({ from, to, via, count }) => [
        from?.number ?? outside,
        to.number,
        via,
        count,
      ]),
      flow: this.#flowUntil(at),
    }
    for (const row of rows) {
      row.isTold = true
      row.isChanged = false
    }
    for (const edge of told) edge.isChanged = false
    this.#wordsTold = this.#words.size
    this.#stride = Math.max(1, Math.ceil(this.#turns / this.#bounds.flowPerFrame))
    this.#turns = 0
    this.#incidents = []
    this.#incidentsDropped = 0
    return frame
  }

  #turn({ actor, from, via, message, at }: Extract<InspectionEvent, { kind: 'turn' }>): void {
    const type = this.#typeOf(actor)
    type.handled += 1
    this.#turns += 1
    const to = this.#actor(actor)
    if (to === undefined) return
    to.handled += 1
    to.isChanged = true
    const sender = from === undefined ? undefined : this.#actor(from)
    // Its sender has no row: the message is counted by the type that it came to.
    if (from !== undefined && sender === undefined) return
    const viaNumber = viaNumbers[via]
    this.#countEdge(sender, to, viaNumber)
    if (this.#turns % this.#stride !== 0 || this.#flowAt.length >= this.#bounds.flowPerFrame) return
    this.#flow.push(sender?.number ?? outside, to.number, viaNumber, this.#word(message))
    this.#flowAt.push(at)
  }

  #incident(event: Incident): void {
    if (event.kind === 'failure' || event.kind === 'restarted') this.#trouble(event)
    if (event.kind === 'dead-letter') this.#typeOf(event.actor).deadLetters += 1
    if (this.#incidents.length < this.#bounds.incidentsPerFrame) this.#incidents.push(event)
    else this.#incidentsDropped += 1
  }

  #trouble(event: Extract<Incident, { kind: 'failure' | 'restarted' }>): void {
    const isFailure = event.kind === 'failure'
    const restarts = !isFailure || event.directive === 'restart' ? 1 : 0
    for (const row of [this.#typeOf(event.actor), this.#actor(event.actor)]) {
      if (row === undefined) continue
      row.failed += isFailure ? 1 : 0
      row.restarts += restarts
      if ('isChanged' in row) row.isChanged = true
    }
  }

  /** The residents as they are now. */
  #look(residents: Iterable<Resident>): void {
    for (const type of this.#types.values()) {
      type.residents = 0
      type.mailbox = 0
    }
    for (const { id, status, state, mailbox } of residents) {
      const type = this.#typeOf(id)
      type.residents += 1
      type.mailbox += mailbox
      const row = this.#actor(id)
      if (row === undefined) continue
      const statusNumber = statusNumbers[status]
      if (row.status !== statusNumber || row.mailbox !== mailbox || row.state !== state) {
        row.status = statusNumber
        row.mailbox = mailbox
        // The same machine makes another value for each turn: only its words tell whether it is another state.
        if (row.state !== state) row.stateWord = this.#word(stateWords(state))
        row.state = state
        row.isChanged = true
      }
    }
    for (const row of this.#actors.values()) {
      if (row.seenIn === this.#sequence || row.status === statusNumbers.elsewhere) continue
      row.status = statusNumbers.elsewhere
      row.mailbox = 0
      row.isChanged = true
    }
  }

  /** Those that have changed, as many as a frame has room for. */
  #edgesInTurn(): readonly EdgeRow[] {
    const edges = this.#edges
    const told: EdgeRow[] = []
    for (let n = 0; n < edges.length && told.length < this.#bounds.edgesPerFrame; n += 1) {
      const edge = edges[this.#edgeAt % edges.length]
      this.#edgeAt = (this.#edgeAt + 1) % edges.length
      if (edge?.isChanged === true) told.push(edge)
    }
    return told
  }

  /** Frees the rows of those that were not seen for long. */
  #forget(): readonly number[] {
    const gone: number[] = []
    for (const [id, row] of this.#actors) {
      if (this.#sequence - row.seenIn < this.#bounds.framesKept) continue
      this.#actors.delete(id)
      this.#free.push(row.number)
      gone.push(row.number)
    }
    if (gone.length > 0) this.#forgetEdges()
    return gone
  }

  #forgetEdges(): void {
    const isThere = (row: ActorRow): boolean => this.#actors.get(row.id) === row
    const kept = this.#edges.filter(({ from, to }) => isThere(to) && (from === undefined || isThere(from)))
    this.#edges.splice(0, this.#edges.length, ...kept)
    for (const row of this.#actors.values())
      for (const from of row.edges.keys()) if (from !== undefined && !isThere(from)) row.edges.delete(from)
  }

  #flowUntil(at: Instant): Uint32Array {
    const rows = this.#flowAt.map((then, n) => [
      ...this.#flow.slice(n * 4, n * 4 + 4),
      Math.max(0, at - then),
    ])
    this.#flow = []
    this.#flowAt = []
    return table(flowColumns, rows, (row) => row)
  }

  #countEdge(from: ActorRow | undefined, to: ActorRow, via: number): void {
    let edges = to.edges.get(from)
    if (edges === undefined) {
      edges = []
      to.edges.set(from, edges)
    }
    let edge = edges.find((one) => one.via === via)
    if (edge === undefined) {
      if (this.#edges.length >= this.#bounds.edgesMax) return
      edge = { from, to, via, count: 0, isChanged: true }
      edges.push(edge)
      this.#edges.push(edge)
    }
    edge.count += 1
    edge.isChanged = true
  }

  /** Undefined: there is no room for a row of it. */
  #actor(id: ActorId): ActorRow | undefined {
    let row = this.#actors.get(id)
    if (row === undefined) {
      if (this.#actors.size >= this.#bounds.actorsMax) return undefined
      const number = this.#free.pop() ?? this.#numbers++
      row = {
        number,
        id,
        type: this.#typeOf(id),
        edges: new Map(),
        status: statusNumbers.elsewhere,
        state: undefined,
        stateWord: this.#word(''),
        mailbox: 0,
        handled: 0,
        failed: 0,
        restarts: 0,
        seenIn: this.#sequence,
        isTold: false,
        isChanged: true,
      }
      this.#actors.set(id, row)
    }
    row.seenIn = this.#sequence
    return row
  }

  #typeOf(id: ActorId): TypeRow {
    const name = typeOf(id)
    let row = this.#types.get(name)
    if (row === undefined) {
      const nothing = { residents: 0, mailbox: 0, handled: 0, failed: 0, restarts: 0, deadLetters: 0 }
      row = { word: this.#word(name), ...nothing }
      this.#types.set(name, row)
    }
    return row
  }

  #word(text: string): number {
    const known = this.#words.get(text)
    if (known !== undefined) return known
    this.#words.set(text, this.#words.size)
    return this.#words.size - 1
  }
}

/** The states that a machine is in, as paths: `paying.charging`, and of parallel regions each, with a bar between. */
export function stateWords(state: unknown): string {
  if (typeof state === 'string') return state
  if (state === null || typeof state !== 'object') return ''
  return Object.entries(state)
    .map(([name, inner]) => {
      const words = stateWords(inner)
      return words === ''
        ? name
        : words
            .split(' | ')
            .map((word) => `${name}.${word}`)
            .join(' | ')
    })
    .join(' | ')
}

function table<Row>(
  columns: readonly string[],
  rows: readonly Row[],
  valuesOf: (row: Row) => readonly number[],
): Uint32Array {
  const values = new Uint32Array(rows.length * columns.length)
  for (const [n, row] of rows.entries()) values.set(valuesOf(row), n * columns.length)
  return values
}
