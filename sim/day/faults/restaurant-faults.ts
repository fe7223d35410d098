/** What the restaurant suffers: its provider of payments, its appliances, its cooks, its stock. */
import type { Message } from '#actor'
import type { OfficeCall, OvenCommand, PanCommand } from '#actors'
import { binRef, cookRef, kitchenTimerRef, probeRef, stationKey } from '#actors'
import type { ProviderTrouble } from '#outside'
import { applianceAt } from '../day.ts'
import { type Duration, durationMs } from '../time-of-day.ts'
import type { Of, RestaurantFault } from './fault.ts'
import type { FaultOutcome, Scene, Strike } from './scene.ts'

export const restaurantFaults: { readonly [Kind in RestaurantFault['kind']]: Strike<Kind> } = {
  'provider-outage': (scene, { for: lasts }, outcome) =>
    troubleProvider(scene, { kind: 'outage' }, lasts, outcome),
  'provider-declines': (scene, { share, for: lasts }, outcome) =>
    troubleProvider(scene, { kind: 'declines', share }, lasts, outcome),
  'provider-slow': (scene, { by, for: lasts }, outcome) =>
    troubleProvider(scene, { kind: 'slow', byMs: durationMs(by) }, lasts, outcome),
  'provider-silent': (scene, { share, for: lasts }, outcome) =>
    troubleProvider(scene, { kind: 'silent', share }, lasts, outcome),
  'mail-outage': (scene, { for: lasts }, outcome) => cutOff(scene, 'mail.send', lasts, outcome),
  'sms-outage': (scene, { for: lasts }, outcome) => cutOff(scene, 'sms.send', lasts, outcome),
  'webhook-outage': (scene, { for: lasts }, outcome) => cutOff(scene, 'webhook.deliver', lasts, outcome),
  'supplier-outage': (scene, { for: lasts }, outcome) =>
    until(scene, scene.stage.supplier.ledger.disturb(), lasts, outcome),

  'appliance-breakdown': (scene, fault, outcome) => {
    troubleAppliance(scene, fault, { type: 'appliance.break', reason: 'worn out' }, 'view', (view) => {
      outcome.fired = view.fault !== ''
    })
  },
  'sensor-stuck': (scene, fault, outcome) => {
    troubleAppliance(scene, fault, { type: 'appliance.sensor', mode: 'stuck' }, 'truth', (truth) => {
      outcome.fired = truth.sensor === 'stuck'
    })
  },
  'sensor-drift': (scene, fault, outcome) => {
    const drifts = { type: 'appliance.sensor', mode: 'drift', offset: fault.kelvin } as const
    troubleAppliance(scene, fault, drifts, 'truth', (truth) => {
      outcome.fired = truth.sensor === 'drift'
    })
  },
  'runaway-heat': (scene, fault, outcome) => {
    troubleAppliance(scene, fault, { type: 'appliance.run-away' }, 'truth', (truth) => {
      outcome.fired = truth.welded === true
    })
  },
  'door-open': (scene, fault, outcome) => {
    troubleAppliance(scene, fault, { type: 'appliance.door', open: true }, 'view', (view) => {
      outcome.fired = view.doorOpen === true
    })
  },
  'probe-silent': (scene, { station, appliance, at, for: lasts }, outcome) => {
    const probe = probeRef(stationKey(scene.stage.site, station), appliance)
    const key = `fault:${at}:${probe}`
    const dead = { type: 'probe.sensor', mode: 'silent' } as const
    scene.tell(probe, dead, key, (answer) => {
      outcome.fired = answer.kind === 'done' && answer.state === 'fault'
    })
    scene.later(lasts, () => scene.tell(probe, { type: 'probe.repair' }, `${key}:repair`))
  },
  'timer-stopped': (scene, { station, at, for: lasts }, outcome) => {
    const timer = kitchenTimerRef(scene.stage.site, station)
    const key = `fault:${at}:${timer}`
    scene.tell(timer, { type: 'timer.break' }, key, (answer) => {
      outcome.fired = answer.kind === 'done' && answer.state === 'fault'
    })
    scene.later(lasts, () => scene.tell(timer, { type: 'timer.repair' }, `${key}:repair`))
  },

  'cook-ill': (scene, { station, cook, at, for: lasts }, outcome) => {
    const ref = cookRef(scene.stage.site, station, cook)
    const shift = (on: boolean) => ({ type: 'cook.shift', on }) as const
    const key = `fault:${at}:${ref}`
    scene.tell(ref, shift(false), key, (answer) => {
      outcome.fired = answer.kind === 'done' && answer.state === 'off-shift'
    })
    scene.later(lasts, () => scene.tell(ref, shift(true), `${key}:well`))
  },

  // The suppliers are the day's own: it brings what comes when it comes, and tells that it did (`Faults.delivered`).
  'delivery-late': () => {},
  'delivery-short': () => {},

  spoilage: (scene, { ingredient, share, at }, outcome) => {
    const bin = binRef(scene.stage.site, ingredient)
    const throwAway = (tries: number): void =>
      scene.query(bin, 'level', (free) => {
        const spoiled = Math.floor((free as number) * share)
        if (spoiled === 0) return
        const message: Message = { type: 'bin.adjust', ...{ delta: -spoiled, reason: 'spoiled' } }
        scene.tell(bin, message, `fault:${at}:${bin}:${tries}`, (answer) => {
          // Some of it was taken meanwhile: what is left has spoiled as well.
          if (answer.kind === 'done' && answer.reply?.type === 'bin.negative-stock') throwAway(tries + 1)
          else outcome.fired = answer.kind === 'done'
        })
      })
    throwAway(1)
  },
}

function troubleProvider(
  scene: Scene,
  trouble: ProviderTrouble,
  lasts: Duration,
  outcome: FaultOutcome,
): void {
  until(scene, scene.stage.provider.ledger.disturb(trouble), lasts, outcome)
}

function cutOff(scene: Scene, party: OfficeCall, lasts: Duration, outcome: FaultOutcome): void {
  until(scene, scene.stage.office.ledger.disturb(party), lasts, outcome)
}

/** A party outside is troubled for so long. Calls that met it are the proof. */
function until(
  scene: Scene,
  trouble: { readonly met: number; heal(): void },
  lasts: Duration,
  outcome: FaultOutcome,
): void {
  scene.counts(() => trouble.met)
  scene.later(lasts, () => {
    outcome.fired = trouble.met > 0
    trouble.heal()
  })
}

type ApplianceFault = Of<
  'appliance-breakdown' | 'sensor-stuck' | 'sensor-drift' | 'runaway-heat' | 'door-open'
>

/** What its queries show. */
interface Shown {
  readonly fault?: string
  readonly doorOpen?: boolean
  readonly sensor?: string
  readonly welded?: boolean
}

/** Breaks it, looks at it, and repairs it at the end. */
function troubleAppliance(
  scene: Scene,
  fault: ApplianceFault,
  broken: OvenCommand | PanCommand,
  look: 'view' | 'truth',
  seen: (shown: Shown) => void,
): void {
  const { day, site } = scene.stage
  const appliance = applianceAt(day, site, fault.station, fault.appliance)
  const key = `fault:${fault.kind}:${fault.at}:${appliance}`
  scene.tell(appliance, broken, key, () => scene.query(appliance, look, (shown) => seen(shown as Shown)))
  scene.later(fault.for, () => scene.tell(appliance, { type: 'appliance.repair' }, `${key}:repair`))
}
