/**
 * Bugs that were written by somebody who had not read the checks. One more, the twelfth, is not here, for any day shows
 * it without a fault: that what makes room in a channel sends messages whose batch is not durable yet.
 */
import type { Hunter, Mutant } from '../mutant.ts'

const runtimeHunters: readonly Hunter[] = ['protocol', 'errands', 'explore']
const actorHunters: readonly Hunter[] = ['explore']

export const blindMutants: readonly Mutant[] = [
  {
    id: 'resend-never-again-once-quiet',
    where: 'kernel',
    what: 'a resend that falls due with nothing to send leaves its time set: the channel arms none again',
    file: 'runtime/kernel/due.ts',
    find: `      channel.resendAt = undefined
      if (!channel.unacknowledged) return`,
    replace: `      if (!channel.unacknowledged) return
      channel.resendAt = undefined`,
    by: runtimeHunters,
    author: 'blind',
  },
  {
    id: 'inherited-request-not-known-to-run',
    where: 'kernel',
    what: 'a new owner does not know the keys of requests that it inherits, and takes a repeated one anew',
    file: 'runtime/kernel/tenure.ts',
    find: `
    const { request } = row.envelope
    if (request?.key !== undefined) {
      activation.runningKeys ??= new Map()
      activation.runningKeys.set(request.key, request)
    }`,
    replace: '',
    by: runtimeHunters,
    author: 'blind',
  },
  {
    id: 'proof-overtakes-append',
    where: 'kernel',
    what: 'what waits for a proof of ownership leaves with it, also while an earlier batch is not durable',
    file: 'runtime/kernel/commits.ts',
    find: `    const first = memory.inFlight[0]
    if (first === undefined || !first.answered) return
    memory.inFlight.shift()`,
    replace: `    const at = memory.inFlight.findIndex((u) => u.answered)
    const first = memory.inFlight[at]
    if (first === undefined) return
    memory.inFlight.splice(at, 1)`,
    by: runtimeHunters,
    author: 'blind',
  },
  {
    id: 'generation-begins-anew-on-load',
    where: 'kernel',
    what: 'an actor that is loaded counts the generations of its timers and calls from 0 again',
    file: 'runtime/kernel/tenure.ts',
    find: `
  activation.generation = snapshot.generation`,
    replace: '',
    by: runtimeHunters,
    author: 'blind',
  },
  {
    id: 'lost-race-contended-for-ever',
    where: 'cluster',
    what: 'a node that lost the race for a shard believes that it still acquires it, and never tries again',
    file: 'runtime/cluster/cluster.ts',
    find: `    this.#acquiring.delete(shard)
    if (outcome.kind === 'acquired' &&`,
    replace: `    if (outcome.kind === 'acquired') this.#acquiring.delete(shard)
    if (outcome.kind === 'acquired' &&`,
    by: runtimeHunters,
    author: 'blind',
  },
  {
    id: 'own-earlier-scope-counts-as-owner',
    where: 'cluster',
    what: 'the shards of an earlier incarnation of a node count as owned as long as the node is a member',
    file: 'runtime/cluster/cluster.ts',
    find: `
    if (view.row.node === this.#options.node) return view.row.scope !== this.#options.scope`,
    replace: '',
    by: runtimeHunters,
    author: 'blind',
  },
  {
    id: 'sealed-scope-passes-for-proof',
    where: 'host',
    what: 'a position that could be read proves ownership, even when it says that the scope is sealed',
    file: 'runtime/host/node.ts',
    find: `
          else if (read.value === 'sealed') this.#lose(life, 'sealed')`,
    replace: '',
    by: runtimeHunters,
    author: 'blind',
  },
  {
    id: 'money-noted-when-captured',
    where: 'actors',
    what: 'an order notes that it has money to give back when it is captured, not when it is asked for',
    file: 'actors/orders/order.ts',
    find: `          entry: ['takeMoney', 'askMoney', 'announcePayment', 'forgetToken'],
          on: {
            'payment.captured': { target: '#order.confirmed', actions: 'publishPaid' },`,
    replace: `          entry: ['askMoney', 'announcePayment', 'forgetToken'],
          on: {
            'payment.captured': { target: '#order.confirmed', actions: ['takeMoney', 'publishPaid'] },`,
    by: actorHunters,
    author: 'blind',
  },
  {
    id: 'bin-serves-past-the-first-who-waits',
    where: 'actors',
    what: 'a bin serves those behind one who must wait, and takes as many from the front of its queue',
    file: 'actors/pantry/bin.ts',
    find: `      refused.push(reservation)
    } else break`,
    replace: `      refused.push(reservation)
    }`,
    by: actorHunters,
    author: 'blind',
  },
  {
    id: 'last-dish-says-what-was-wasted',
    where: 'actors',
    what: 'whether a ticket has used ingredients is what the last of its dishes said, not any of them',
    file: 'actors/kitchen/ticket.ts',
    find: "wasted: context.wasted || report.type === 'dish.plated' || report.wasted,",
    replace: "wasted: report.type === 'dish.plated' || report.wasted,",
    by: actorHunters,
    author: 'blind',
  },
  {
    id: 'job-done-of-another-step-counts',
    where: 'actors',
    what: 'a dish takes the repeated end of an earlier step or attempt for that of the step it is at',
    file: 'actors/kitchen/dish.ts',
    find: `
      { guard: not('mine'), actions: 'collect' },
      {
        guard: and(['well', 'lastStep', 'heated']),`,
    replace: `
      {
        guard: and(['well', 'lastStep', 'heated']),`,
    by: actorHunters,
    author: 'blind',
  },
]
