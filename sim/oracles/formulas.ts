/**
 * What queueing theory says of the models that the simulator is held against.
 *
 * Owns:     the formulas, each with its source. Rates are per unit of time, and waits in units of time.
 *           Kleinrock is Queueing Systems, volume 1 (1975).
 */

/** Of a chain that moves up and down by one, the share of time in each state. Kleinrock 3.11. */
export function shareOfStates(
  highest: number,
  up: (state: number) => number,
  down: (state: number) => number,
): readonly number[] {
  const weights = [1]
  for (let state = 1; state <= highest; state += 1) {
    weights.push(((weights[state - 1] as number) * up(state - 1)) / down(state))
  }
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

const meanOfStates = (shares: readonly number[]): number =>
  shares.reduce((sum, share, state) => sum + state * share, 0)

/** Erlang's C: the share that has to wait in M/M/c. Kleinrock 3.40, through Erlang's B by recursion. */
function waitingShare(servers: number, load: number): number {
  let blocked = 1
  for (let n = 1; n <= servers; n += 1) blocked = (load * blocked) / (n + load * blocked)
  return blocked / (1 - (load / servers) * (1 - blocked))
}

/** The wait in line of M/M/c: Erlang's C over the spare rate. Kleinrock 3.41. */
export function markovWait(servers: number, arrivals: number, service: number): number {
  return waitingShare(servers, arrivals / service) / (servers * service - arrivals)
}

/**
 * The share that waits longer than `limit` in M/M/c, first come first served. Service rate 1.
 *
 * The mean wait is the same whoever is served next; this is not. Source: Cooper, Introduction to Queueing Theory
 * (2nd ed.), 3.4.
 */
export function markovLate(servers: number, arrivals: number, limit: number): number {
  return waitingShare(servers, arrivals) * Math.exp(-(servers - arrivals) * limit)
}

/** The wait in line of M/G/1, by the squared coefficient of variation of its service. Pollaczek-Khinchine: Kleinrock 5.63. */
export function generalWait(arrivals: number, meanService: number, variation2: number): number {
  const busy = arrivals * meanService
  return (busy * meanService * (1 + variation2)) / (2 * (1 - busy))
}

/** M/M/c/K: the share of arrivals that find no room, and how many are there on average. Kleinrock 3.9. */
export function boundedQueue(
  servers: number,
  room: number,
  arrivals: number,
): { readonly blocked: number; readonly inside: number } {
  const shares = shareOfStates(
    room,
    () => arrivals,
    (state) => Math.min(state, servers),
  )
  return { blocked: shares[room] as number, inside: meanOfStates(shares) }
}

/**
 * M/M/c+M (Erlang-A), service rate 1: the share that has to wait, and the share that gives up.
 *
 * Source: Garnett, Mandelbaum and Reiman, Designing a call center with impatient customers (2002), as a chain
 * that is cut off where nobody ever is.
 */
export function impatientQueue(
  servers: number,
  arrivals: number,
  impatience: number,
): { readonly waits: number; readonly givesUp: number } {
  const shares = shareOfStates(
    servers + 400,
    () => arrivals,
    (state) => Math.min(state, servers) + impatience * Math.max(0, state - servers),
  )
  const waiting = shares.reduce((sum, share, state) => sum + share * Math.max(0, state - servers), 0)
  return {
    waits: shares.slice(servers).reduce((sum, share) => sum + share, 0),
    givesUp: (impatience * waiting) / arrivals,
  }
}

export interface Desk {
  readonly servers: number
  readonly service: number
}

/**
 * Host, then kitchen, then pass, and a share of what reaches the pass goes back to the kitchen: time inside.
 *
 * Source: Jackson, Networks of waiting lines (1957). Each desk is an M/M/c of the traffic through it.
 */
export function networkTime(
  arrivals: number,
  [host, kitchen, pass]: readonly [Desk, Desk, Desk],
  remade: number,
): number {
  const through = arrivals / (1 - remade)
  const inside = ({ servers, service }: Desk, traffic: number): number =>
    traffic * (markovWait(servers, traffic, service) + 1 / service)
  return (inside(host, arrivals) + inside(kitchen, through) + inside(pass, through)) / arrivals
}

/**
 * M_t/M/∞ with the rate λ̄ (1 + β sin γt): the mean number inside, its peak, and how long after the rate's peak.
 *
 * Source: Eick, Massey and Whitt, M_t/G/∞ queues with sinusoidal arrival rates (1993), equations 15 to 17.
 */
export function tidalQueue(
  arrivals: number,
  swing: number,
  period: number,
  stay: number,
): { readonly mean: number; readonly peak: number; readonly lag: number } {
  const turn = (2 * Math.PI) / period
  const mean = arrivals * stay
  const peak = mean * (1 + swing / Math.sqrt(1 + (turn * stay) ** 2))
  return { mean, peak, lag: Math.atan(turn * stay) / turn }
}

/** M/M/1//N: the share of machines that run, with one repairer. Kleinrock 3.8 (the finite population). */
export function repairedShare(machines: number, upTime: number, repairTime: number): number {
  const shares = shareOfStates(
    machines,
    (down) => (machines - down) / upTime,
    () => 1 / repairTime,
  )
  return 1 - meanOfStates(shares) / machines
}
