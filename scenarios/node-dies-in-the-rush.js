/** The Friday evening in which a node is killed at the worst moment, another freezes, and nobody loses an order. */
import { defineDay } from '#day'
import { fridayRush } from './friday-rush.js'
export const nodeDiesInTheRush = defineDay({
  ...fridayRush,
  name: 'node-dies-in-the-rush',
  title: 'A node dies in the rush',
  faults: [
    { kind: 'crash-node', node: 'node-2', at: '19:30' },
    { kind: 'crash-node', node: 'node-2', at: '19:45' },
    { kind: 'pause-node', node: 'node-1', at: '20:10', for: '700ms' },
    { kind: 'pause-node', node: 'node-3', at: '20:25', for: '20s' },
    { kind: 'crash-node', node: 'edge-1', at: '20:40' },
  ],
})
//# sourceMappingURL=node-dies-in-the-rush.js.map
