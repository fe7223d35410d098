/**
 * All that a page knows of the actors: frames of all nodes, folded into one picture.
 *
 * Each node numbers actors, words and edges for itself; here every actor has one place, for as long as some node names it. It
 * is where the node says that has it in memory.
 *
 * Owns:     the fold, places, and rates (differences of cumulative counts).
 * Does not: know sockets, workers, screens, or what a state means.
 *
 * Invariants:
 *   CM1. What is known after frames with nothing missing is what one whole frame of each node tells.
 *   CM2. A frame that comes after a gap, and is not whole, is not folded.
 *   CM3. A place is another actor's only after `freed` has told it.
 */
import {
  type ActivityFrame,
  actorColumns,
  edgeColumns,
  type FrameHead,
  flowColumns,
  type Incident,
  outside,
  typeColumns,
} from '#activity'

/** `lost`: its node is gone, and no other has it yet. */
export const actorStatuses = [
  'elsewhere',
  'loading',
  'absent',
  'live',
  'stopped',
  'archived',
  'lost',
] as const
export type ActorStatus = (typeof actorStatuses)[number]

const elsewhere = actorStatuses.indexOf('elsewhere')
const lost = actorStatuses.indexOf('lost')
/** In the place of a sender that is no actor of the cluster, and of a node or a word that is not known. */
export const nowhere = 0xffff_ffff

/** Of how a rate follows what it measures: after so many milliseconds two thirds of the way. */
const rateFollowsMs = 1_000
const incidentsKept = 500
const flowKept = 2_000

/** As long as `ids` says; the same place in each column is the same actor. */
export interface ActorColumns {
  /** Numbers of `nodes`, `types` and `states`. */
  readonly node: Uint32Array
  readonly type: Uint32Array
  readonly state: Uint32Array
  /** Of `actorStatuses`. */
  readonly status: Uint8Array
  readonly mailbox: Uint32Array
  readonly handled: Uint32Array
  readonly failed: Uint32Array
  readonly restarts: Uint32Array
  /** Messages a second. */
  readonly rate: Float32Array
  /** Number of the node that had it before, or `nowhere`. */
  readonly cameFrom: Uint32Array
}

export interface EdgeColumns {
  /** Places of actors; `nowhere` is outside. */
  readonly from: Uint32Array
  readonly to: Uint32Array
  readonly via: Uint32Array
  readonly count: Float64Array
  readonly rate: Float32Array
}

export interface TypeTotals {
  readonly type: string
  readonly node: string
  readonly residents: number
  readonly mailbox: number
  readonly handled: number
  readonly failed: number
  readonly restarts: number
  readonly deadLetters: number
  /** Messages a second. */
  readonly rate: number
}

/** One message that was handled. Places of actors, numbers of `vias`, and of `words`. */
export interface Passage {
  readonly from: number
  readonly to: number
  readonly via: number
  readonly message: number
  /** World time, microseconds since 1970. */
  readonly at: number
}

export interface NodeIncident {
  readonly node: string
  readonly incident: Incident
}

export interface Picture {
  /** World time of the newest frame. */
  readonly at: number
  readonly nodes: readonly string[]
  readonly words: readonly string[]
  /** By place; empty: nobody is there. */
  readonly ids: readonly string[]
  readonly actors: ActorColumns
  readonly edges: EdgeColumns
  readonly types: readonly TypeTotals[]
  /** Since the picture before. */
  readonly flow: readonly Passage[]
  readonly incidents: readonly NodeIncident[]
  readonly freed: readonly number[]
  /** One message of so many is in `flow`, at most. */
  readonly stride: number
}

interface Place {
  readonly place: number
  readonly id: string
  /** What each node says of it. */
  readonly told: Map<string, Told>
  home: string | undefined
  cameFrom: string | undefined
  rate: number
  handledBefore: number
}

interface Told {
  type: number
  status: number
  state: number
  mailbox: number
  handled: number
  failed: number
  restarts: number
}

interface Edge {
  readonly from: Place | undefined
  readonly to: Place
  readonly via: number
  /** By node. */
  readonly counts: Map<string, number>
  rate: number
  countBefore: number
}

interface NodeKnowledge {
  head: FrameHead
  readonly words: string[]
  readonly names: Map<number, Place>
  readonly types: Map<string, TypeTotals & { rate: number; handledBefore: number }>
}

export class ClusterModel {
  readonly #nodes = new Map<string, NodeKnowledge>()
  readonly #nodeNumbers = new Map<string, number>()
  readonly #words = new Map<string, number>()
  readonly #places = new Map<string, Place>()
  readonly #byNumber: (Place | undefined)[] = []
  readonly #free: number[] = []
  #freed: number[] = []
  readonly #edges = new Map<string, Edge>()
  #flow: Passage[] = []
  #incidents: NodeIncident[] = []
  #at = 0

  /** False: something is missing before it, and a whole frame of its node is needed. */
  fold(frame: ActivityFrame): boolean {
    const { head } = frame
    const known = this.#nodes.get(head.node)
    const isNext =
      known !== undefined &&
      known.head.life === head.life &&
      known.head.watch === head.watch &&
      known.head.sequence === head.sequence - 1
    if (!isNext && !head.whole) return false
    if (known !== undefined && !isNext) this.#forgetNode(head.node, known)
    const node = isNext && known !== undefined ? known : this.#newNode(head)
    node.head = head
    node.words.splice(head.firstWord, head.words.length, ...head.words)
    this.#at = Math.max(this.#at, head.at)
    for (const number of head.gone) this.#unname(head.node, node, number)
    for (const [number, id] of head.named) this.#name(head.node, node, number, id)
    this.#foldActors(head.node, node, frame)
    this.#foldEdges(head.node, node, frame)
    this.#foldTypes(head.node, node, frame)
    this.#foldFlow(node, frame)
    for (const incident of head.incidents) this.#incidents.push({ node: head.node, incident })
    if (this.#incidents.length > incidentsKept)
      this.#incidents.splice(0, this.#incidents.length - incidentsKept)
    return true
  }

  /** Its process has ended: what it had is lost until another node has it. */
  nodeEnded(node: string): void {
    for (const place of this.#places.values()) {
      const told = place.told.get(node)
      if (told === undefined || told.status === elsewhere || told.status === lost) continue
      told.status = lost
      told.mailbox = 0
    }
    const known = this.#nodes.get(node)
    for (const [type, totals] of known?.types ?? [])
      known?.types.set(type, { ...totals, residents: 0, mailbox: 0 })
  }

  /** What there is now; what is told once (`flow`, `incidents`, `freed`) is told by this picture. */
  picture(sinceMs: number): Picture {
    const weight = sinceMs <= 0 ? 0 : 1 - Math.exp(-sinceMs / rateFollowsMs)
    const perSecond = (before: number, now: number, rate: number): number =>
      sinceMs <= 0 ? rate : rate + (((now - before) * 1_000) / sinceMs - rate) * weight
    const length = this.#byNumber.length
    const actors: { -readonly [Key in keyof ActorColumns]: ActorColumns[Key] } = {
      node: new Uint32Array(length).fill(nowhere),
      type: new Uint32Array(length).fill(nowhere),
      state: new Uint32Array(length).fill(nowhere),
      status: new Uint8Array(length),
      mailbox: new Uint32Array(length),
      handled: new Uint32Array(length),
      failed: new Uint32Array(length),
      restarts: new Uint32Array(length),
      rate: new Float32Array(length),
      cameFrom: new Uint32Array(length).fill(nowhere),
    }
    for (const place of this.#places.values()) {
      const n = place.place
      const home = place.home === undefined ? undefined : place.told.get(place.home)
      const shown = home ?? place.told.values().next().value
      if (shown === undefined) continue
      const sums = { handled: 0, failed: 0, restarts: 0 }
      for (const told of place.told.values()) {
        sums.handled += told.handled
        sums.failed += told.failed
        sums.restarts += told.restarts
      }
      place.rate = perSecond(place.handledBefore, sums.handled, place.rate)
      place.handledBefore = sums.handled
      actors.node[n] = this.#nodeNumber(place.home)
      actors.type[n] = shown.type
      actors.state[n] = shown.state
      actors.status[n] = shown.status
      actors.mailbox[n] = shown.mailbox
      actors.handled[n] = sums.handled
      actors.failed[n] = sums.failed
      actors.restarts[n] = sums.restarts
      actors.rate[n] = place.rate
      actors.cameFrom[n] = this.#nodeNumber(place.cameFrom)
    }
    const picture: Picture = {
      at: this.#at,
      nodes: [...this.#nodeNumbers.keys()],
      words: [...this.#words.keys()],
      ids: Array.from(this.#byNumber, (place) => place?.id ?? ''),
      actors,
      edges: this.#edgeColumns(perSecond),
      types: this.#typeTotals(perSecond),
      flow: this.#flow,
      incidents: this.#incidents,
      freed: this.#freed,
      stride: Math.max(1, ...[...this.#nodes.values()].map(({ head }) => head.stride)),
    }
    this.#flow = []
    this.#incidents = []
    this.#freed = []
    return picture
  }

  #edgeColumns(perSecond: (before: number, now: number, rate: number) => number): EdgeColumns {
    const edges = [...this.#edges.values()]
    const columns: EdgeColumns = {
      from: new Uint32Array(edges.length),
      to: new Uint32Array(edges.length),
      via: new Uint32Array(edges.length),
      count: new Float64Array(edges.length),
      rate: new Float32Array(edges.length),
    }
    for (const [n, edge] of edges.entries()) {
      let count = 0
      for (const one of edge.counts.values()) count += one
      edge.rate = perSecond(edge.countBefore, count, edge.rate)
      edge.countBefore = count
      columns.from[n] = edge.from?.place ?? nowhere
      columns.to[n] = edge.to.place
      columns.via[n] = edge.via
      columns.count[n] = count
      columns.rate[n] = edge.rate
    }
    return columns
  }

  #typeTotals(perSecond: (before: number, now: number, rate: number) => number): readonly TypeTotals[] {
    const all: TypeTotals[] = []
    for (const { types } of this.#nodes.values()) {
      for (const totals of types.values()) {
        totals.rate = perSecond(totals.handledBefore, totals.handled, totals.rate)
        totals.handledBefore = totals.handled
        const { handledBefore: _, ...told } = totals
        all.push(told)
      }
    }
    return all
  }

  #newNode(head: FrameHead): NodeKnowledge {
    const node: NodeKnowledge = { head, words: [], names: new Map(), types: new Map() }
    this.#nodes.set(head.node, node)
    this.#nodeNumber(head.node)
    return node
  }

  /** It begins anew: its numbers are others, and its counts begin at nothing. */
  #forgetNode(name: string, node: NodeKnowledge): void {
    for (const number of [...node.names.keys()]) this.#unname(name, node, number)
    for (const [key, edge] of this.#edges) {
      edge.countBefore -= edge.counts.get(name) ?? 0
      edge.counts.delete(name)
      if (edge.counts.size === 0) this.#edges.delete(key)
    }
    this.#nodes.delete(name)
  }

  #name(node: string, known: NodeKnowledge, number: number, id: string): void {
    const before = known.names.get(number)
    if (before !== undefined && before.id !== id) this.#unname(node, known, number)
    let place = this.#places.get(id)
    if (place === undefined) {
      const free = this.#free.pop() ?? this.#byNumber.length
      place = {
        place: free,
        id,
        told: new Map(),
        home: undefined,
        cameFrom: undefined,
        rate: 0,
        handledBefore: 0,
      }
      this.#places.set(id, place)
      this.#byNumber[free] = place
    }
    known.names.set(number, place)
    if (!place.told.has(node)) place.told.set(node, newTold())
  }

  #unname(node: string, known: NodeKnowledge, number: number): void {
    const place = known.names.get(number)
    if (place === undefined) return
    known.names.delete(number)
    place.handledBefore -= place.told.get(node)?.handled ?? 0
    place.told.delete(node)
    if (place.home === node) {
      place.home = undefined
      place.cameFrom = node
    }
    if (place.told.size > 0) return
    this.#places.delete(place.id)
    this.#byNumber[place.place] = undefined
    this.#free.push(place.place)
    this.#freed.push(place.place)
    for (const [key, { from, to }] of this.#edges) if (from === place || to === place) this.#edges.delete(key)
  }

  #foldActors(name: string, node: NodeKnowledge, { actors }: ActivityFrame): void {
    const width = actorColumns.length
    for (let at = 0; at < actors.length; at += width) {
      const [
        number = 0,
        type = 0,
        status = 0,
        state = 0,
        mailbox = 0,
        handled = 0,
        failed = 0,
        restarts = 0,
      ] = actors.subarray(at, at + width)
      const place = node.names.get(number)
      const told = place?.told.get(name)
      if (place === undefined || told === undefined) continue
      told.type = this.#word(node, type)
      told.status = status
      told.state = this.#word(node, state)
      told.mailbox = mailbox
      told.handled = handled
      told.failed = failed
      told.restarts = restarts
      if (status !== elsewhere && place.home !== name) this.#move(place, name)
    }
  }

  #move(place: Place, to: string): void {
    if (place.home !== undefined) {
      place.cameFrom = place.home
      const old = place.told.get(place.home)
      if (old !== undefined) {
        old.status = elsewhere
        old.mailbox = 0
      }
    }
    place.home = to
  }

  #foldEdges(name: string, node: NodeKnowledge, { edges }: ActivityFrame): void {
    const width = edgeColumns.length
    for (let at = 0; at < edges.length; at += width) {
      const [fromNumber = 0, toNumber = 0, via = 0, count = 0] = edges.subarray(at, at + width)
      const from = fromNumber === outside ? undefined : node.names.get(fromNumber)
      const to = node.names.get(toNumber)
      if (to === undefined || (from === undefined && fromNumber !== outside)) continue
      const key = `${from?.place ?? ''}>${to.place} ${via}`
      let edge = this.#edges.get(key)
      if (edge === undefined) {
        edge = { from, to, via, counts: new Map(), rate: 0, countBefore: 0 }
        this.#edges.set(key, edge)
      }
      edge.counts.set(name, count)
    }
  }

  #foldTypes(name: string, node: NodeKnowledge, { types }: ActivityFrame): void {
    const width = typeColumns.length
    for (let at = 0; at < types.length; at += width) {
      const [word = 0, residents = 0, mailbox = 0, handled = 0, failed = 0, restarts = 0, deadLetters = 0] =
        types.subarray(at, at + width)
      const type = node.words[word] ?? ''
      const { rate = 0, handledBefore = 0 } = node.types.get(type) ?? {}
      node.types.set(type, {
        ...{ type, node: name, residents, mailbox, handled, failed, restarts, deadLetters },
        ...{ rate, handledBefore },
      })
    }
  }

  #foldFlow(node: NodeKnowledge, { head, flow }: ActivityFrame): void {
    const width = flowColumns.length
    for (let at = 0; at < flow.length; at += width) {
      const [from = 0, to = 0, via = 0, message = 0, agoUs = 0] = flow.subarray(at, at + width)
      const receiver = node.names.get(to)
      if (receiver === undefined) continue
      this.#flow.push({
        from: from === outside ? nowhere : (node.names.get(from)?.place ?? nowhere),
        to: receiver.place,
        via,
        message: this.#word(node, message),
        at: head.at - agoUs,
      })
    }
    if (this.#flow.length > flowKept) this.#flow.splice(0, this.#flow.length - flowKept)
  }

  #nodeNumber(node: string | undefined): number {
    if (node === undefined) return nowhere
    const known = this.#nodeNumbers.get(node)
    if (known !== undefined) return known
    this.#nodeNumbers.set(node, this.#nodeNumbers.size)
    return this.#nodeNumbers.size - 1
  }

  /** A word of a node, in the words of all. */
  #word(node: NodeKnowledge, number: number): number {
    const text = node.words[number] ?? ''
    const known = this.#words.get(text)
    if (known !== undefined) return known
    this.#words.set(text, this.#words.size)
    return this.#words.size - 1
  }
}

const newTold = (): Told => ({
  type: nowhere,
  status: elsewhere,
  state: nowhere,
  mailbox: 0,
  handled: 0,
  failed: 0,
  restarts: 0,
})
