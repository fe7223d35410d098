/**
 * The house on two groups of nodes: orders, stock and money in front, cooks and appliances in the back. In the middle
 * of dinner the two cannot hear each other; then one cannot be heard; then every other frame is lost.
 */
import { defineDay } from '#day'

const front = ['front-1', 'front-2', 'edge-1', 'edge-2'] as const
const back = ['back-1', 'back-2'] as const

export const splitKitchen = defineDay({
  name: 'split-kitchen',
  title: 'The kitchen is cut off',
  open: '17:30',
  lastOrder: '22:00',
  close: '23:00',
  guests: {
    arrivals: [
      { at: '17:30', perHour: 20 },
      { at: '19:30', perHour: 90 },
      { at: '21:00', perHour: 60 },
      { at: '22:00', perHour: 15 },
    ],
    promise: '45m',
  },
  stock: { par: 2 },
  cluster: {
    groups: [
      { name: 'front', nodes: 2, departments: ['identity', 'orders', 'pantry', 'till', 'office'] },
      { name: 'back', nodes: 2, departments: ['kitchen', 'hardware'] },
      { name: 'edge', nodes: 2, departments: [] },
    ],
  },
  faults: [
    { kind: 'partition', between: [front, back], at: '19:30', for: '8m' },
    // What the back says arrives; what it is told does not.
    { kind: 'partition', between: [front, back], oneWay: true, at: '20:00', for: '5m' },
    // Three of the four and an edge, in a ring: each hears two of them.
    {
      kind: 'partition-ring',
      nodes: ['front-1', 'back-1', 'front-2', 'back-2', 'edge-1'],
      at: '20:20',
      for: '5m',
    },
    { kind: 'drop-frames', share: 0.5, between: [front, back], at: '20:40', for: '10m' },
    // A node of the back dies while it is cut off, and comes back to a kitchen that has gone on.
    { kind: 'partition', between: [['back-1'], [...front, 'back-2']], at: '21:10', for: '3m' },
    { kind: 'crash-node', node: 'back-1', at: '21:11' },
  ],
  sometimes: ['shard-taken-over', 'message-waits'],
  // Orders are taken while the kitchen is away; an edge that is cut off from an owner has to wait.
  slo: { 'order.accept': ['p95 < 1s'] },
})
