/**
 * The evening of which one tells the apprentices: no quarter of an hour goes by without something. Machines,
 * network, disk, clocks, the provider, the ovens, a cook, the suppliers; in the end the power fails in the middle of
 * a write. The last plate leaves the pass all the same, and the books are right.
 */
import { defineDay, mixed } from '#day'

export const everythingAtOnce = defineDay({
  name: 'everything-at-once',
  title: 'Everything at once',
  open: '17:00',
  lastOrder: '22:00',
  close: '23:00',
  guests: {
    arrivals: [
      { at: '17:00', perHour: 40 },
      { at: '19:30', perHour: 90 },
      { at: '21:00', perHour: 60 },
      { at: '22:00', perHour: 20 },
    ],
    reviseShare: 0.1,
    promise: '45m',
  },
  stock: {
    par: 1.5,
    deliveries: [
      { at: '18:00', ingredient: 'pizza-dough', amount: 40 },
      { at: '18:00', ingredient: 'cod', amount: 20 },
    ],
  },
  cluster: {
    groups: mixed(4),
    character: { dropShare: 0.001, duplicateShare: 0.01, reorderShare: 0.01 },
  },
  faults: [
    { kind: 'delivery-late', ingredient: 'pizza-dough', by: '45m', at: '18:00' },
    { kind: 'delivery-short', ingredient: 'cod', share: 0.5, at: '18:00' },
    { kind: 'turns-throw', share: 0.005, at: '18:05', for: '20m' },

    { kind: 'crash-node', node: 'node-1', at: '18:30' },
    { kind: 'crash-at', node: 'node-2', point: 'before-accept', at: '18:32', for: '5m' },
    { kind: 'provider-silent', share: 0.5, at: '18:35', for: '10m' },

    { kind: 'slow-disk', by: '50ms', at: '18:50', for: '5m' },
    { kind: 'clock-step', node: 'node-3', by: '30s', at: '18:52', for: '10m' },
    { kind: 'cook-ill', station: 'grill', cook: 1, at: '18:55', for: '1h' },

    { kind: 'appliance-breakdown', station: 'oven', appliance: 1, at: '19:05', for: '20m' },
    { kind: 'runaway-heat', station: 'pastry', appliance: 1, at: '19:06', for: '10m' },
    { kind: 'drop-frames', share: 0.2, at: '19:10', for: '3m' },
    { kind: 'rolling-restart', at: '19:15', for: '5m' },

    { kind: 'partition', between: [['node-4'], ['node-1', 'node-2', 'node-3']], at: '19:30', for: '3m' },
    { kind: 'provider-outage', at: '19:35', for: '5m' },
    { kind: 'pause-node', node: 'node-3', at: '19:40', for: '20s' },
    { kind: 'full-disk', at: '19:50', for: '10s' },

    { kind: 'add-node', group: 'node', at: '20:00', for: '30m' },
    { kind: 'drain-node', node: 'node-2', at: '20:05', for: '1m' },
    { kind: 'write-fails', node: 'node-1', written: true, at: '20:10', for: '5m' },
    { kind: 'spoilage', ingredient: 'mozzarella', share: 0.5, at: '20:20' },

    { kind: 'crash-node', node: 'edge-1', at: '20:30' },
    { kind: 'launcher-dies', at: '20:40' },
    { kind: 'torn-write', at: '20:50', for: '5m' },
  ],
  sometimes: [
    'order-revised',
    'shard-taken-over',
    'shard-released',
    'turn-failed',
    'payment-unknown',
    'appliance-fault',
    'cook-away',
    'stock-adjusted',
  ],
  slo: {},
})
