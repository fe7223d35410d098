/**
 * Why an order waits: who is waited for, why they are not done, and what happens next.
 *
 * Owns:     the sentences. Each names an actor, the cause, and what follows.
 * Does not: guess: what is said comes from the snapshots of the order and of whom it talks to, and from its story.
 */
import type { Snapshot, Story, Timer } from '../data/house.ts'
import { clockOf, durationIn, manyOf, stateIn } from '../shell/words.ts'

/** An actor that was looked into, or why nobody could. */
export type Looked = Snapshot | { readonly missing: string } | undefined

export interface Involved {
  readonly order: Looked
  readonly reservation?: Looked
  readonly payment?: Looked
  readonly ticket?: Looked
  readonly dishes?: readonly { readonly id: string; readonly state: unknown }[]
}

/** In milliseconds. `runtime` is absent where nobody knows it: of a simulated cluster. */
export interface Clocks {
  readonly world: number
  readonly runtime?: number
}

/** What is told: an actor that can be opened, or words; `strong` is what matters. */
export type Words =
  | { readonly text: string; readonly strong?: true }
  | { readonly actor: string; readonly text: string }

export interface Sentence {
  readonly words: readonly Words[]
  readonly isAside?: true
}

const plain = (text: string): Words => ({ text })
const strong = (text: string): Words => ({ text, strong: true })
const actor = (id: string): Words => ({ actor: id, text: id.split('/')[0] ?? id })
const said = (...words: readonly Words[]): Sentence => ({ words })

export function whyOf(
  id: string,
  story: Story | undefined,
  involved: Involved,
  clocks: Clocks,
): readonly Sentence[] {
  if (story === undefined) return missingOf(`order/${id}`, involved.order)
  const cause = causeOf(id, story, involved, clocks)
  return [...cause, ...nextOf(story, clocks.world)]
}

function causeOf(
  id: string,
  { state, waitsFor }: Story,
  involved: Involved,
  clocks: Clocks,
): readonly Sentence[] {
  switch (state) {
    case 'reserving':
    case 'revising':
    case 'releasing':
    case 'confirmed':
      return reservationWords(`reservation/${id}`, state, involved.reservation)
    case 'paying':
      if (waitsFor?.includes('guest'))
        return [
          said(
            plain('The order has a table and its stock, and waits for '),
            strong('the guest'),
            plain(' to pay.'),
          ),
        ]
      return paymentWords(`payment/${id}`, involved.payment, clocks)
    case 'refunding':
      return paymentWords(`payment/${id}`, involved.payment, clocks)
    case 'queued':
    case 'cooking':
    case 'cancelling':
      return ticketWords(`ticket/${id}`, state, involved)
    case 'plating':
      return [
        said(
          actor(`ticket/${id}`),
          plain(' has every dish, and the plates are '),
          strong('on their way to the pass'),
          plain('.'),
        ),
      ]
    case 'ready':
      return [
        said(plain('The plates are on the pass, and wait for '), strong(waitsFor ?? 'the guest'), plain('.')),
      ]
    default:
      return waitsFor === undefined
        ? [
            said(
              plain('It is '),
              strong(state),
              plain(
                state === 'completed'
                  ? ', and waits for nobody. Its money is kept.'
                  : ', and waits for nobody. It holds no stock, no ticket and no money any more.',
              ),
            ),
          ]
        : []
  }
}

function reservationWords(id: string, state: string, looked: Looked): readonly Sentence[] {
  if (looked === undefined || 'missing' in looked) return missingOf(id, looked)
  const its = stateIn(looked.state)
  const { lines = [], asked } = looked.inside.context as {
    readonly lines?: readonly { readonly ingredient: string }[]
    readonly asked?: number
  }
  const goal = {
    confirmed: 'to issue what it holds to the kitchen',
    releasing: 'to give back what it held',
  }[state]
  if (goal !== undefined)
    return [said(actor(id), plain(' is '), strong(its), plain(`, and the order waits for it ${goal}.`))]
  const next = asked === undefined ? undefined : lines[asked - 1]?.ingredient
  return [
    said(
      actor(id),
      plain(' is '),
      strong(its),
      plain(
        next === undefined
          ? `: it asks ${manyOf(lines.length, 'bin')}, one after the other.`
          : `: it has asked the bin of ${next}, the ${ordinal(asked ?? 0)} of ${lines.length}. A bin may wait for others who hold what is left.`,
      ),
    ),
  ]
}

function paymentWords(id: string, looked: Looked, clocks: Clocks): readonly Sentence[] {
  if (looked === undefined || 'missing' in looked) return missingOf(id, looked)
  const its = stateIn(looked.state)
  const { asked = 0, awaited } = looked.inside.context as {
    readonly asked?: number
    readonly awaited?: string | null
  }
  const again = looked.inside.timers.find((timer) => timer.id === 'again')
  if (its.startsWith('unknown') || again !== undefined) {
    const first = said(
      actor(id),
      plain(' is '),
      strong(its),
      plain(': the provider has not said what came of its call, and nobody guesses.'),
    )
    const left = again && leftMs(again, clocks)
    const when = again === undefined ? 'now' : left === undefined ? 'soon' : `in ${durationIn(left)}`
    const then = `It asks the provider ${when}, under the same key, for the ${ordinal(asked)} time.`
    return [first, said(plain(`${then} A second charge cannot happen.`))]
  }
  return [
    said(
      actor(id),
      plain(' is '),
      strong(its),
      plain(
        awaited
          ? `: it has asked the provider (${awaited}), and waits for the answer.`
          : ', and the order waits for its word.',
      ),
    ),
  ]
}

function ticketWords(id: string, state: string, { ticket, dishes = [] }: Involved): readonly Sentence[] {
  if (ticket === undefined || 'missing' in ticket) return missingOf(id, ticket)
  if (state === 'cancelling')
    return [
      said(actor(id), plain(' is '), strong(stateIn(ticket.state)), plain(': its dishes are being stopped.')),
    ]
  const { plates = [] } = ticket.inside.context as {
    readonly plates?: readonly { readonly key: string; readonly dish: string; readonly is: string }[]
  }
  const open = plates.filter((plate) => plate.is === 'open')
  const first = said(
    actor(id),
    plain(' has '),
    strong(`${open.length} of ${manyOf(plates.length, 'plate')}`),
    plain(state === 'queued' ? ' to make, and no cook has begun.' : ' still to come.'),
  )
  const each = open.slice(0, 6).flatMap(({ key, dish }): Sentence[] => {
    const found = dishes.find((one) => one.id === `dish/${key}`)
    if (found === undefined) return []
    const its = stateIn(found.state)
    return [
      said(
        actor(found.id),
        plain(` ${dish} is `),
        strong(its),
        plain(its === 'waiting' ? ': no cook or appliance is free for its next step.' : '.'),
      ),
    ]
  })
  return [first, ...each]
}

function nextOf({ until, otherwise }: Story, now: number): readonly Sentence[] {
  if (until === undefined || otherwise === undefined) return []
  const at = Date.parse(until)
  const when = at > now ? `by ${clockOf(at)}, in ${durationIn(at - now)},` : 'at once,'
  return [{ words: [plain(`If nothing comes ${when} ${otherwise}.`)], isAside: true }]
}

function missingOf(id: string, looked: Looked): readonly Sentence[] {
  if (looked === undefined) return []
  const why = 'missing' in looked ? looked.missing : 'Nobody answers.'
  return [said(actor(id), plain(' cannot be looked into now. '), plain(why))]
}

function leftMs({ clock, at }: Timer, { world, runtime }: Clocks): number | undefined {
  const now = clock === 'world' ? world : runtime
  return now === undefined ? undefined : Math.max(0, at / 1_000 - now)
}

const ordinal = (n: number): string => ['', 'first', 'second', 'third', 'fourth', 'fifth'][n] ?? `${n}th`
