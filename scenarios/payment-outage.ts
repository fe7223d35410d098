/**
 * The evening on which the payment provider has a bad one: slow at first, then gone, then back and doing what it is
 * asked without saying so. Nobody is charged twice, and nobody's money is kept for a dinner that they did not get.
 */
import { defineDay } from '#day'

export const paymentOutage = defineDay({
  name: 'payment-outage',
  title: 'The payment provider is out of order',
  open: '17:30',
  lastOrder: '22:00',
  close: '23:00',
  guests: {
    arrivals: [
      { at: '17:30', perHour: 20 },
      { at: '19:30', perHour: 90 },
      { at: '21:00', perHour: 60 },
      { at: '22:00', perHour: 15 },
    ],
    // Who waits for the card to go through changes their mind more often.
    cancelShare: 0.1,
    cancelWithin: '10m',
    promise: '45m',
  },
  stock: { par: 2 },
  faults: [
    { kind: 'provider-slow', by: '5s', at: '19:30', for: '15m' },
    { kind: 'provider-outage', at: '19:45', for: '12m' },
    { kind: 'provider-silent', share: 0.5, at: '20:00', for: '15m' },
    { kind: 'provider-declines', share: 0.3, at: '20:30', for: '10m' },
    // A node dies with payments of unknown outcome in its hands.
    { kind: 'crash-at', node: 'node-2', point: 'in-call', at: '20:05', for: '10m' },
  ],
  sometimes: ['payment-unknown', 'payment-refunded', 'payment-declined', 'order-cancelled'],
})
