import { fridayRush } from './friday-rush.js'
import { nodeDiesInTheRush } from './node-dies-in-the-rush.js'
import { quietTuesday } from './quiet-tuesday.js'
export const days = Object.fromEntries(
  [quietTuesday, fridayRush, nodeDiesInTheRush].map((day) => [day.name, day]),
)
export { fridayRush, nodeDiesInTheRush, quietTuesday }
//# sourceMappingURL=index.js.map
