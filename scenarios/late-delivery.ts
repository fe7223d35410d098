/** The day on which the dough comes an hour late, half of the fish is missing, and the mozzarella has turned. */
import { defineDay } from '#day'

export const lateDelivery = defineDay({
  name: 'late-delivery',
  title: 'The delivery is late',
  open: '12:00',
  lastOrder: '20:30',
  close: '21:30',
  guests: {
    arrivals: [
      { at: '12:00', perHour: 30 },
      { at: '13:00', perHour: 70 },
      { at: '15:00', perHour: 30 },
      { at: '19:00', perHour: 90 },
      { at: '20:30', perHour: 20 },
    ],
    promise: '45m',
  },
  stock: {
    par: 1,
    // Bought for lunch; dinner is to come in the afternoon.
    opening: { 'pizza-dough': 25, cod: 8, mozzarella: 6_000 },
    deliveries: [
      { at: '14:00', ingredient: 'pizza-dough', amount: 80 },
      { at: '15:00', ingredient: 'cod', amount: 30 },
      { at: '15:30', ingredient: 'mozzarella', amount: 9_000 },
    ],
  },
  faults: [
    { kind: 'delivery-late', ingredient: 'pizza-dough', by: '1h', at: '14:00' },
    { kind: 'delivery-short', ingredient: 'cod', share: 0.5, at: '15:00' },
    { kind: 'spoilage', ingredient: 'mozzarella', share: 0.6, at: '16:00' },
  ],
  sometimes: ['stock-ran-out', 'order-rejected', 'stock-delivered', 'stock-adjusted'],
})
