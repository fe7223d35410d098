/** A day on which nothing goes wrong and few come: the first one to run. */
import { defineDay } from '#day'

export const quietTuesday = defineDay({
  name: 'quiet-tuesday',
  title: 'A quiet Tuesday',
  open: '11:00',
  lastOrder: '21:30',
  close: '22:00',
  guests: {
    arrivals: [
      { at: '11:00', perHour: 4 },
      { at: '12:30', perHour: 22 },
      { at: '14:00', perHour: 6 },
      { at: '17:00', perHour: 5 },
      { at: '19:00', perHour: 24 },
      { at: '21:30', perHour: 4 },
    ],
  },
})
