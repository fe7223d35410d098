/**
 * Office: what the house is run with, and what an account is told, and by which way.
 *
 * Knows:          settings, flags and commands of operators; notices, and whoever hears of them.
 * Does not know:  stock, money or heat.
 */
import type { ActorDefinition } from '#actor'
import { supervise } from '#actor'
import { audit } from './audit.ts'
import { autoscaler } from './autoscaler.ts'
import { config } from './config.ts'
import { flags } from './flags.ts'
import { inbox } from './inbox.ts'
import { notification } from './notification.ts'
import { operation } from './operation.ts'
import { webhook } from './webhook.ts'

export { audit } from './audit.ts'
export { type AutoscalerContext, autoscaler, autoscalerView } from './autoscaler.ts'
export * from './cluster-contract.ts'
export { type ConfigContext, config, type StoredValue } from './config.ts'
export * from './config-keys.ts'
export * from './flag-names.ts'
export { type FlagsContext, flags, type StoredRule } from './flags.ts'
export type { EntriesAsked, InboxEntry, InboxSettings, Offer } from './inbox.ts'
export { inbox, webhooksMax } from './inbox.ts'
export * from './messages.ts'
export * from './notice-words.ts'
export type { NotificationView } from './notification.ts'
export { notification } from './notification.ts'
export * from './operating-messages.ts'
export { type OperationContext, operation, operationView } from './operation.ts'
export * from './operation-messages.ts'
export * from './outside-contract.ts'
export * from './scale-messages.ts'
export type { Delivery, DeliveryState, WebhookView } from './webhook.ts'
export { webhook } from './webhook.ts'

export const officeActors: readonly ActorDefinition[] = [
  config,
  flags,
  operation,
  autoscaler,
  audit,
  inbox,
  notification,
  webhook,
]

export const officeTree = supervise({ name: 'office', children: officeActors })
