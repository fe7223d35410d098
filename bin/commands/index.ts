/**
 * Every command there is, as help lists them.
 *
 * A command that needs a heavy part (a simulator, a cluster) imports it when it runs, so that the others start
 * at once.
 */
import type { Command } from '../command-line/command.ts'
import type { Section } from '../command-line/help.ts'
import { addNode } from './add-node.ts'
import { admin } from './admin.ts'
import { archive } from './archive.ts'
import { audit } from './audit.ts'
import { backup } from './backup.ts'
import { certs } from './certs.ts'
import { check } from './check.ts'
import { config } from './config.ts'
import { cordon } from './cordon.ts'
import { crash } from './crash.ts'
import { day } from './day.ts'
import { deadLetters } from './dead-letters.ts'
import { diff } from './diff.ts'
import { drain } from './drain.ts'
import { explore } from './explore.ts'
import { flags } from './flags.ts'
import { heal } from './heal.ts'
import { inspect } from './inspect.ts'
import { keys } from './keys.ts'
import { mutants } from './mutants.ts'
import { operations } from './operations.ts'
import { outbox } from './outbox.ts'
import { partition } from './partition.ts'
import { pause } from './pause.ts'
import { rebuild } from './rebuild.ts'
import { replay } from './replay.ts'
import { restore } from './restore.ts'
import { resume } from './resume.ts'
import { rollingRestart } from './rolling-restart.ts'
import { scale } from './scale.ts'
import { shrink } from './shrink.ts'
import { start } from './start.ts'
import { status } from './status.ts'
import { study } from './study.ts'
import { time } from './time.ts'
import { uncordon } from './uncordon.ts'
import { up } from './up.ts'

export const sections: readonly Section[] = [
  { title: 'Run', commands: [start, up, day] },
  { title: 'Measure it', commands: [study, diff] },
  { title: 'Search for what breaks it', commands: [explore, replay, shrink, mutants] },
  { title: 'Watch a running cluster', commands: [status, inspect, deadLetters, operations, audit, outbox] },
  { title: 'Hurt it', commands: [crash, pause, resume, partition, heal] },
  {
    title: 'Operate it',
    commands: [config, flags, scale, addNode, drain, cordon, uncordon, rollingRestart, certs, admin, keys],
  },
  { title: 'Keep its data', commands: [check, backup, restore, archive, rebuild] },
  { title: 'Turn the time of a simulated one', commands: [time] },
]

export const commands: readonly Command[] = sections.flatMap((section) => section.commands)
