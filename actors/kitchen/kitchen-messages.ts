/**
 * What the kitchen says to itself: ticket and dish, dish and station, station and cook.
 *
 * Owns:     these contracts, and the addresses of the department. A job is one step of one dish, once tried:
 *           its id says all three, so that nobody can mistake an earlier try for this one.
 * Does not: hold what an order and its ticket say (`ticket-messages.ts`), or a station and its appliances
 *           (`hardware/appliance-messages.ts`).
 *
 * Invariants:
 *   K3. Every command may be repeated. The answer then says how things stand, and nothing is done twice.
 *   K4. A station keeps a finished job until its dish collects it; a dish, its report until its ticket confirms it.
 */
import { Type } from 'typebox'
import type { ActorRef, MessageOf } from '#actor'
import { ref } from '#actor'

const exact = { additionalProperties: false } as const
const id = Type.String({ minLength: 1, maxLength: 100 })
const plate = Type.String({ minLength: 1, maxLength: 130 })
const job = Type.String({ minLength: 1, maxLength: 160 })
const n = Type.Integer({ minimum: 1 })

/** From a ticket to one of its dishes. */
export const DishCommand = Type.Union([
  /** Creates it, and it begins. Repeated, it says again what it has said. */
  Type.Object(
    { type: Type.Literal('dish.open'), order: id, site: id, dish: id, promisedAt: Type.Integer() },
    exact,
  ),
  Type.Object({ type: Type.Literal('dish.cancel') }, exact),
  /** Its end was heard: it may go. */
  Type.Object({ type: Type.Literal('dish.confirm') }, exact),
])
export type DishCommand = MessageOf<typeof DishCommand>

/** From a dish to its ticket. `plate` is the dish's key. */
export const DishReport = Type.Union([
  Type.Object({ type: Type.Literal('dish.begun'), plate }, exact),
  Type.Object({ type: Type.Literal('dish.plated'), plate }, exact),
  /** `wasted`: ingredients were used. */
  Type.Object(
    { type: Type.Literal('dish.failed'), plate, reason: Type.String(), wasted: Type.Boolean() },
    exact,
  ),
  Type.Object({ type: Type.Literal('dish.cancelled'), plate, wasted: Type.Boolean() }, exact),
])
export type DishReport = MessageOf<typeof DishReport>

/** What a step needs: hands for all of its time, or hands for a moment and then a slot of an appliance. */
export const means = ['hands', 'oven', 'pan', 'fryer'] as const
export const Means = Type.Union([
  Type.Literal('hands'),
  Type.Literal('oven'),
  Type.Literal('pan'),
  Type.Literal('fryer'),
])
export type Means = (typeof means)[number]

/** From a dish to a station. */
export const JobCommand = Type.Union([
  Type.Object(
    {
      type: Type.Literal('job.take'),
      job,
      promisedAt: Type.Integer(),
      means: Means,
      celsius: Type.Number({ minimum: 0 }),
      minutes: Type.Number({ exclusiveMinimum: 0, maximum: 600 }),
      /** Its core is measured. */
      probed: Type.Boolean(),
    },
    exact,
  ),
  /** Stop. Answered by `job.dropped`. */
  Type.Object({ type: Type.Literal('job.drop'), job }, exact),
  /** The end of the job was heard; the station forgets it. */
  Type.Object({ type: Type.Literal('job.collect'), job }, exact),
])
export type JobCommand = MessageOf<typeof JobCommand>

/** From a station, and `job.prep` from a cook, to a dish. */
export const JobReport = Type.Union([
  Type.Object({ type: Type.Literal('job.queued'), job, ahead: Type.Integer({ minimum: 0 }) }, exact),
  Type.Object({ type: Type.Literal('job.assigned'), job }, exact),
  Type.Object({ type: Type.Literal('job.prep'), job }, exact),
  Type.Object({ type: Type.Literal('job.cooking'), job }, exact),
  /** `failed`: the appliance did, and the food with it. */
  Type.Object(
    {
      type: Type.Literal('job.done'),
      job,
      outcome: Type.Union([
        Type.Literal('done'),
        Type.Literal('raw'),
        Type.Literal('burnt'),
        Type.Literal('failed'),
      ]),
    },
    exact,
  ),
  Type.Object(
    {
      type: Type.Literal('job.refused'),
      job,
      reason: Type.Union([
        Type.Literal('station-closed'),
        Type.Literal('no-cooks'),
        Type.Literal('no-appliance'),
      ]),
    },
    exact,
  ),
  Type.Object({ type: Type.Literal('job.dropped'), job, wasted: Type.Boolean() }, exact),
])
export type JobReport = MessageOf<typeof JobReport>

const instant = Type.Integer({ minimum: 0 })
const breakMinutes = Type.Number({ exclusiveMinimum: 0, maximum: 600 })
/** When a cook is there, in world instants. What is over already is not caught up with. */
const duty = {
  /** Without one: from opening to closing. */
  shift: Type.Optional(Type.Object({ from: instant, to: instant }, exact)),
  breaks: Type.Array(Type.Object({ at: instant, minutes: breakMinutes }, exact), { maxItems: 8 }),
}

/** Who can do what, and is there when. Cooks who are not named go on as they do. */
export const StationRoster = Type.Object(
  {
    type: Type.Literal('station.roster'),
    crew: Type.Array(
      Type.Object(
        {
          n,
          /** Without any: all that the station does. */
          skills: Type.Optional(Type.Array(Means, { minItems: 1, maxItems: means.length })),
          ...duty,
        },
        exact,
      ),
      { maxItems: 1_000 },
    ),
  },
  exact,
)
export type StationRoster = MessageOf<typeof StationRoster>
export type CrewMember = StationRoster['crew'][number]

/** From outside to a station: the house opens it, and closes it at night. */
export const StationOpen = Type.Object(
  {
    type: Type.Literal('station.open'),
    site: id,
    name: id,
    cooks: Type.Integer({ minimum: 0, maximum: 1_000 }),
    ovens: Type.Integer({ minimum: 0, maximum: 1_000 }),
    pans: Type.Integer({ minimum: 0, maximum: 1_000 }),
    fryers: Type.Integer({ minimum: 0, maximum: 1_000 }),
    /** Portions that one appliance takes. */
    slots: Type.Integer({ minimum: 1, maximum: 100 }),
  },
  exact,
)
export type StationOpen = MessageOf<typeof StationOpen>
/** Takes no more jobs, finishes those it has, and sends its cooks home. */
export const StationClose = Type.Object({ type: Type.Literal('station.close') }, exact)

/** From a station, or a roster, to a cook. */
export const CookCommand = Type.Union([
  /** Creates the cook, on shift. Repeated, the cook says where things stand. */
  Type.Object(
    { type: Type.Literal('cook.open'), station: Type.String({ minLength: 1, maxLength: 200 }), n },
    exact,
  ),
  /** Another job than the one in hand takes its place: the station knows best. */
  Type.Object(
    { type: Type.Literal('cook.work'), job, ms: Type.Number({ exclusiveMinimum: 0, maximum: 36_000_000 }) },
    exact,
  ),
  Type.Object({ type: Type.Literal('cook.drop'), job }, exact),
  /** Now, or when the job in hand is finished. */
  Type.Object({ type: Type.Literal('cook.break'), minutes: breakMinutes }, exact),
  /** In place of the one before. The end of a shift waits for the job in hand. */
  Type.Object({ type: Type.Literal('cook.roster'), ...duty }, exact),
  /** Off at once, also in the middle of a job: a cook may fall ill. */
  Type.Object({ type: Type.Literal('cook.shift'), on: Type.Boolean() }, exact),
])
export type CookCommand = MessageOf<typeof CookCommand>

/** From a cook to the station. */
export const CookReport = Type.Union([
  /** On shift and at the station; `job` is what is in hand, or empty. */
  Type.Object({ type: Type.Literal('cook.here'), n, job: Type.String() }, exact),
  /** On a break or off shift: whatever was in hand was put down. */
  Type.Object({ type: Type.Literal('cook.away'), n }, exact),
  Type.Object({ type: Type.Literal('cook.done'), n, job }, exact),
])
export type CookReport = MessageOf<typeof CookReport>

/** `plate` counts the portions of a line from 1. */
export const dishKey = (order: string, line: number, portion: number): string => `${order}:${line}:${portion}`
/** The order that a dish belongs to, by its key. */
export const orderOfDish = (key: string): string =>
  key.slice(0, key.lastIndexOf(':', key.lastIndexOf(':') - 1))
export const dishRef = (key: string) => ref<DishCommand | JobReport>('dish', key)

export const stationKey = (site: string, name: string): string => `${site}:${name}`
export const stationRef = (site: string, name: string) =>
  ref<StationOpen | StationRoster | MessageOf<typeof StationClose> | JobCommand | CookReport>(
    'station',
    stationKey(site, name),
  )

export const cookRef = (site: string, station: string, number: number) =>
  ref<CookCommand>('cook', `${site}:${station}:${number}`)
/** `site:station` of `site:station:n`: cooks live where their station lives. */
export const stationOf = (cookKey: string): string => cookKey.slice(0, cookKey.lastIndexOf(':'))

/** One step of one dish, at one attempt. */
export const jobId = (dish: string, attempt: number, step: number): string => `${dish}.${attempt}.${step}`
/** The dish that a job belongs to. */
export function dishOfJob(jobOfDish: string): ActorRef<DishCommand | JobReport> {
  const attempt = jobOfDish.lastIndexOf('.', jobOfDish.lastIndexOf('.') - 1)
  return dishRef(jobOfDish.slice(0, attempt))
}
/** Which step of the recipe a job is. */
export const stepOfJob = (jobOfDish: string): number =>
  Number(jobOfDish.slice(jobOfDish.lastIndexOf('.') + 1))
