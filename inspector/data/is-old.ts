/** Whether what is drawn of the stream is of before: nobody answers, or there is no line. */
import { computed } from 'vue'
import { connection } from './poll.ts'
import { lost } from './stream.ts'

export const isOld = computed(() => connection.value.kind === 'lost' || lost.value !== undefined)
