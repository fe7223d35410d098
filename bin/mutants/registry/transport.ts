/** Bugs of the transport over WebSockets. */
import type { Mutant } from '../mutant.ts'

const by = ['runtime/live/ws/ws-transport.test.ts'] as const

export const transportMutants: readonly Mutant[] = [
  {
    id: 'ws-frames-turned-round',
    where: 'transport',
    what: 'frames of one tick arrive in another order than they were sent',
    file: 'runtime/live/ws/outgoing-link.ts',
    find: 'this.#waiting.push(frame)',
    replace: 'this.#waiting.unshift(frame)',
    by,
  },
  {
    id: 'ws-frames-sent-again',
    where: 'transport',
    what: 'what was sent on a link that broke is sent again on the next one',
    file: 'runtime/live/ws/outgoing-link.ts',
    find: 'if (this.#isUp) this.#socket?.send(message)',
    replace: `if (!this.#isUp) return
    const changed = this.#changed
    this.#socket?.send(message)
    this.#socket?.once('close', () => {
      this.#changed = (peer, up) => {
        this.#changed = changed
        if (up) this.#socket?.send(message)
        changed(peer, up)
      }
    })`,
    by,
  },
  {
    id: 'ws-secret-not-asked',
    where: 'transport',
    what: 'whoever knows the name of a node may send in its name',
    file: 'runtime/live/ws/handshake.ts',
    find: "return isEqual(hello.proof, proofOf('hello', self.secret, challenge, hello)) ? undefined : 'secret'",
    replace: 'return undefined',
    by,
  },
  {
    id: 'ws-anything-let-in',
    where: 'transport',
    what: 'what is no frame reaches the node',
    file: 'runtime/live/ws/frame-codec.ts',
    find: 'return values.every(isFrame) ? values : undefined',
    replace: 'return values as readonly Frame[]',
    by,
  },
  {
    id: 'ws-no-bound',
    where: 'transport',
    what: 'frames for a peer that reads nothing are kept without a bound',
    file: 'runtime/live/ws/outgoing-link.ts',
    find: '>= this.#bounds.waitingBytesMax',
    replace: '>= Number.POSITIVE_INFINITY',
    by,
  },
  {
    id: 'ws-earlier-life-kept',
    where: 'transport',
    what: 'a link leads to a node as it was before it was started again',
    file: 'runtime/live/ws/ws-transport.ts',
    find: 'member?.life === peer.life && member.address === peer.address',
    replace: 'member !== undefined',
    by,
  },
]
