/**
 * Opens the restaurant: a menu, a bin for every ingredient, and stations with their cooks and appliances.
 *
 * Owns:     what a house of some size begins with.
 * Does not: change a house that is open. Every message has a key of its own, so a second edge, a restart, or
 *           another size in the configuration finds what is there.
 */
import { type ActorId, type Message, typeOf } from '#actor'
import { houseKitchen, housePantry, menuRef, stationRef } from '#actors'
import type { ClusterClient } from '#gateway'

export interface House {
  readonly site: string
  /** Of hands and heat: 1 suits a thousand guests in twelve hours. */
  readonly kitchenScale: number
  /** Of the opening stock. */
  readonly stockScale: number
}

const requestTimeoutMs = 5_000
const pauseMs = 100

/** What one of its actors begins with. */
export type Opening = readonly [ActorId, Message]

/**
 * Resolves when the house is open. Goes on through relocations and restarts of nodes, until `isOver`.
 *
 * The menu comes last: whoever can read it orders, and an order waits in vain for a bin that is not there yet.
 */
export async function openHouse(
  client: ClusterClient,
  openings: readonly Opening[],
  isOver: () => boolean,
): Promise<void> {
  const isMenu = ([actor]: Opening): boolean => typeOf(actor) === 'menu'
  await openAll(
    client,
    openings.filter((opening) => !isMenu(opening)),
    isOver,
  )
  await openAll(client, openings.filter(isMenu), isOver)
}

async function openAll(
  client: ClusterClient,
  openings: readonly Opening[],
  isOver: () => boolean,
): Promise<void> {
  await Promise.all(
    openings.map(async ([actor, message]) => {
      while (!isOver() && !(await isOpened(client, actor, message))) {
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }),
  )
}

export function openingsOf({ site, kitchenScale, stockScale }: House): readonly Opening[] {
  return [
    [menuRef(site), { type: 'menu.open' }],
    ...housePantry(site, { scale: stockScale }),
    ...houseKitchen(site, kitchenScale).map((station) => [stationRef(site, station.name), station] as const),
  ]
}

async function isOpened(client: ClusterClient, actor: ActorId, message: Message): Promise<boolean> {
  const outcome = await client.request({
    actor,
    body: { kind: 'command', message },
    key: `open ${message.type}`,
    fingerprint: '',
    timeoutMs: requestTimeoutMs,
  })
  switch (outcome.kind) {
    case 'done':
    case 'not-accepted':
    case 'archived':
    case 'key-reused':
    case 'key-expired':
      return true
    case 'invalid':
      throw new Error(`'${actor}' cannot be opened: ${outcome.problem}`)
    default:
      return false
  }
}
