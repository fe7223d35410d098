/** Twelve hours and more than a thousand guests, most of them in the evening. */
import { defineDay } from '#day'

export const fridayRush = defineDay({
  name: 'friday-rush',
  title: 'Friday rush',
  open: '11:00',
  lastOrder: '22:30',
  close: '23:00',
  guests: {
    arrivals: [
      { at: '11:00', perHour: 30 },
      { at: '12:30', perHour: 130 },
      { at: '14:30', perHour: 60 },
      { at: '17:00', perHour: 60 },
      { at: '19:30', perHour: 220 },
      { at: '21:00', perHour: 150 },
      { at: '22:30', perHour: 30 },
    ],
    portions: [
      { count: 1, weight: 4 },
      { count: 2, weight: 4 },
      { count: 3, weight: 1 },
      { count: 4, weight: 1 },
    ],
    cancelShare: 0.03,
    promise: '45m',
  },
  // Bought for a good Friday: by the end of a very good one the fish is gone.
  stock: {
    par: 2.5,
    deliveries: [
      { at: '15:00', ingredient: 'pizza-dough', amount: 60 },
      { at: '15:00', ingredient: 'mozzarella', amount: 12_000 },
      { at: '16:30', ingredient: 'sea-bass', amount: 20 },
      { at: '16:30', ingredient: 'cod', amount: 20 },
    ],
  },
})
