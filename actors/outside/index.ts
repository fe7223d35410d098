/**
 * Handlers of outbound calls, and the stub parties they talk to.
 *
 * Knows:          the wire to the world outside the cluster. The host is handed the handlers.
 * Does not know:  actors as such: it shares only the contracts of their calls.
 */
export * from './card-exchange.ts'
export * from './card-vault.ts'
export type { MailOptions } from './mail-client.ts'
export * from './office-client.ts'
export * from './office-ledger.ts'
export { type Departure, departuresIn, noteDeparture, outboxFileIn } from './outbox-book.ts'
export { type OutboxServer, startOutbox } from './outbox-server.ts'
export * from './provider.ts'
export * from './provider-callbacks.ts'
export * from './provider-client.ts'
export * from './provider-server.ts'
export type { SmsOptions } from './sms-client.ts'
export * from './supplier.ts'
export * from './supplier-client.ts'
export * from './supplier-server.ts'
export { webhookSecretOf } from './webhook-secret.ts'
