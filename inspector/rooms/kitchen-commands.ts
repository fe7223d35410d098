/**
 * What a person can do to a thing of the kitchen: messages of an operator to its actor.
 *
 * Owns:     which commands a thing takes as it is now, and the words for them.
 * Does not: carry them out. What a person sets, a station that needs the device otherwise sets back on its next round.
 */
import type { KitchenThing } from '#gateway'
import type { Of } from '../model/kitchen.ts'
import { nameOf } from './kitchen-words.ts'

export interface Command {
  /** What is done, and to whom. */
  readonly words: string
  readonly actor: string
  readonly message: { readonly type: string; readonly [member: string]: unknown }
  readonly done: string
  /** What it hits, where it does harm. */
  readonly radius?: string
}

/** The highest that one can be asked to hold; oil that is hotter burns. */
export const hottestOf = (kind: 'oven' | 'pan' | 'fryer'): number => (kind === 'fryer' ? 200 : 300)

export function heatTo({ id, kind, n }: Of<'oven' | 'pan' | 'fryer'>, celsius: number): Command {
  return {
    words: `Heat to ${celsius} °C`,
    actor: id,
    message: { type: 'appliance.heat', celsius },
    done: celsius === 0 ? `${kind} ${n} is off.` : `${kind} ${n} is to hold ${celsius} °C.`,
  }
}

export function commandsOf(thing: KitchenThing): readonly Command[] {
  const name = nameOf(thing)
  const command = (
    words: string,
    type: string,
    done: string,
    more: { readonly with?: object; readonly radius?: string } = {},
  ): Command => ({
    ...{ words, done, actor: thing.id, message: { type, ...more.with } },
    ...(more.radius !== undefined && { radius: more.radius }),
  })
  switch (thing.kind) {
    case 'oven':
    case 'pan':
    case 'fryer': {
      const { fault, sensor, isWelded, foods, target, doorOpen } = thing
      const inIt = foods.length === 0 ? 'It is empty.' : `What is in it is lost: ${foods.length}.`
      const isBroken = fault !== '' || isWelded || sensor !== 'ok'
      return [
        ...(fault === '' && target > 0 ? [heatOff(thing)] : []),
        ...(thing.kind === 'oven'
          ? [
              command(
                doorOpen ? 'Shut the door' : 'Open the door',
                'appliance.door',
                doorOpen ? `The door of ${name} is shut.` : `The door of ${name} is open: no heat.`,
                { with: { open: !doorOpen } },
              ),
            ]
          : []),
        ...(isBroken ? [command(`Mend ${name}`, 'appliance.repair', `${name} is as good as new.`)] : []),
        ...(sensor === 'ok' && fault === ''
          ? [
              command(`Stick the sensor of ${name}`, 'appliance.sensor', `The sensor of ${name} is stuck.`, {
                with: { mode: 'stuck' },
                radius: 'It shows what it shows now, whatever the heat is.',
              }),
            ]
          : []),
        ...(fault === ''
          ? [
              command(`Break ${name}`, 'appliance.break', `${name} is broken.`, {
                with: { reason: 'broken by an operator' },
                radius: inIt,
              }),
            ]
          : []),
      ]
    }
    case 'probe':
      return thing.sensor === 'ok'
        ? [
            command(`Stick ${name}`, 'probe.sensor', `${name} is stuck.`, {
              with: { mode: 'stuck' },
              radius: 'It shows what it showed last.',
            }),
            command(`Silence ${name}`, 'probe.sensor', `${name} shows nothing.`, {
              with: { mode: 'silent' },
              radius: 'What it looks at is cooked by the clock.',
            }),
          ]
        : [command(`Mend ${name}`, 'probe.repair', `${name} is as good as new.`)]
    case 'kitchen-timer':
      return thing.fault === ''
        ? [
            command('Stop the timer', 'timer.break', 'The timer stands still.', {
              radius: `Nothing rings until it is mended; ${thing.alarms.length} wait for it.`,
            }),
          ]
        : [command('Mend the timer', 'timer.repair', 'The timer goes on with what was left.')]
    case 'ticket':
      if (!['waiting', 'cooking', 'plating'].includes(thing.state)) return []
      if (thing.screen === 'new') return [command('Accept the ticket', 'ticket.accept', 'It is seen.')]
      if (thing.screen === 'bumped')
        return [command('Recall the ticket', 'ticket.recall', 'It is back on the screen.')]
      return thing.state === 'waiting'
        ? []
        : [command('Bump the ticket', 'ticket.bump', 'It is off the screen.')]
    case 'bin':
      return thing.free >= thing.par
        ? []
        : [
            command(
              `Deliver ${thing.ingredient} up to par`,
              'bin.deliver',
              `${thing.ingredient} is full again.`,
              {
                with: { amount: thing.par - thing.free },
              },
            ),
          ]
    case 'station':
      return thing.state === 'closed' || thing.state === 'closing'
        ? []
        : [
            command(`Close ${name}`, 'station.close', `${name} takes no more.`, {
              radius: `It finishes ${thing.working + thing.waiting} jobs and refuses others; orders that need it fail.`,
            }),
          ]
  }
}

const heatOff = (appliance: Of<'oven' | 'pan' | 'fryer'>): Command => ({
  ...heatTo(appliance, 0),
  words: 'Turn it off',
})
