/** The evening on which the ovens give up, one after the other, with the house full and pizza on every table. */
import { defineDay } from '#day'

export const ovenBreaksAtEight = defineDay({
  name: 'oven-breaks-at-eight',
  title: 'The oven breaks at eight',
  open: '17:30',
  lastOrder: '22:00',
  close: '23:00',
  guests: {
    arrivals: [
      { at: '17:30', perHour: 30 },
      { at: '19:30', perHour: 110 },
      { at: '21:00', perHour: 90 },
      { at: '22:00', perHour: 20 },
    ],
    dishes: {
      'margherita-pizza': 4,
      'mushroom-pizza': 3,
      'potato-gratin': 2,
      caprese: 1,
      'apple-tart': 1,
    },
    promise: '45m',
  },
  // Six ovens where the usual house has eight: each of them is missed.
  kitchen: { oven: { cooks: 3, appliances: 6, slots: 4 } },
  stock: { par: 3 },
  faults: [
    { kind: 'appliance-breakdown', station: 'oven', appliance: 1, at: '20:00', for: '1h' },
    { kind: 'appliance-breakdown', station: 'oven', appliance: 2, at: '20:10', for: '30m' },
    // For ten minutes three ovens bake for all.
    { kind: 'appliance-breakdown', station: 'oven', appliance: 3, at: '20:20', for: '10m' },
  ],
  sometimes: ['appliance-fault', 'dish-spoilt'],
})
