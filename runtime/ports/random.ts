/**
 * Where a node's randomness comes from: the system's source when live, a keyed draw in the simulator.
 */
export interface Random {
  /** A uniform integer in [0, 2³²). */
  next(): number
}
