/** What a person has chosen, by the id of its actor: it stays chosen in every room until another is. */
import { shallowRef } from 'vue'

export const selected = shallowRef<string>()
