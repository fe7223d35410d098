/**
 * The rooms, in the order of the navigation.
 *
 * Owns:     their names, addresses and letters; and of those that are not built, what to do meanwhile.
 * Does not: show anything: a room is loaded when somebody goes there.
 */
import type { Component } from 'vue'

export interface Room {
  readonly group: 'Watch' | 'Inspect' | 'Break' | 'Run' | 'Learn'
  readonly title: string
  readonly path: string
  /** What may stand behind its address. */
  readonly inner?: string
  /** After `G`. */
  readonly letter?: string
  /** Absent: it is not built, and `instead` says what can be done without it. */
  readonly load?: () => Promise<{ readonly default: Component }>
  readonly instead?: string
}

export const rooms: readonly Room[] = [
  { group: 'Watch', title: 'Overview', path: '/', letter: 'O', load: () => import('../rooms/overview.vue') },
  {
    group: 'Watch',
    title: 'Topology',
    path: '/topology',
    letter: 'T',
    load: () => import('../rooms/topology.vue'),
  },
  {
    group: 'Watch',
    title: 'Kitchen 3D',
    path: '/kitchen',
    letter: 'K',
    load: () => import('../rooms/kitchen.vue'),
  },
  {
    group: 'Watch',
    title: 'Orders',
    path: '/orders',
    letter: 'B',
    load: () => import('../rooms/orders.vue'),
  },
  {
    group: 'Watch',
    title: 'Metrics',
    path: '/metrics',
    letter: 'M',
    instead: 'GET /metrics of the public listener has all of them, for Prometheus.',
  },
  {
    group: 'Inspect',
    title: 'Actors',
    path: '/actors',
    letter: 'A',
    load: () => import('../rooms/actors.vue'),
  },
  {
    group: 'Inspect',
    title: 'Messages',
    path: '/messages',
    load: () => import('../rooms/messages.vue'),
  },
  {
    group: 'Inspect',
    title: 'Order story',
    path: '/story',
    letter: 'S',
    inner: '/:id?',
    load: () => import('../rooms/order-story.vue'),
  },
  {
    group: 'Inspect',
    title: 'Traces',
    path: '/traces',
    letter: 'R',
    instead: 'Each turn in the journal of an actor has its traceparent.',
  },
  {
    group: 'Inspect',
    title: 'Logs & events',
    path: '/logs',
    instead: 'The nodes log to the terminal that started them.',
  },
  {
    group: 'Inspect',
    title: 'Dead letters',
    path: '/dead-letters',
    letter: 'D',
    load: () => import('../rooms/dead-letters.vue'),
  },
  {
    group: 'Break',
    title: 'Chaos lab',
    path: '/chaos',
    letter: 'C',
    load: () => import('../rooms/chaos.vue'),
  },
  {
    group: 'Break',
    title: 'Load lab',
    path: '/load',
    letter: 'L',
    instead: 'npx brigade day friday-rush --live brings a day of guests.',
  },
  {
    group: 'Break',
    title: 'Time machine',
    path: '/time',
    instead: 'The time bar below turns the time of a simulated cluster.',
  },
  {
    group: 'Run',
    title: 'Cluster',
    path: '/cluster',
    letter: 'N',
    load: () => import('../rooms/cluster.vue'),
  },
  {
    group: 'Run',
    title: 'Supervision',
    path: '/supervision',
    load: () => import('../rooms/supervision.vue'),
  },
  {
    group: 'Run',
    title: 'Stock & money',
    path: '/stock',
    load: () => import('../rooms/stock.vue'),
  },
  {
    group: 'Run',
    title: 'Config & flags',
    path: '/config',
    instead: 'npx brigade config and npx brigade flags show and set them.',
  },
  { group: 'Learn', title: 'Tours', path: '/tours', instead: 'README.md has a first walk.' },
]

/** What is not in this page: it opens beside it. The operator listener knows where that is. */
export const elsewhere = [{ group: 'Learn', title: 'Storefront', href: './storefront' }] as const

/** Whether an address is of this room, or of something in it. */
export const isIn = ({ path, inner }: Room, address: string): boolean =>
  address === path || (inner !== undefined && address.startsWith(`${path}/`))

export const groups = ['Watch', 'Inspect', 'Break', 'Run', 'Learn'] as const
