/** The kitchen as its stream tells it, while a room shows it. */
import { onScopeDispose, type ShallowRef, shallowRef } from 'vue'
import { type KitchenSeen, patched } from '../model/kitchen.ts'
import { follow } from './stream.ts'

/** While the component is there. Undefined until the first word. */
export function useKitchen(): ShallowRef<KitchenSeen | undefined> {
  const kitchen = shallowRef<KitchenSeen>()
  const leave = follow('kitchen', (words) => {
    if (words.type === 'kitchen') kitchen.value = patched(kitchen.value, words)
  })
  onScopeDispose(leave)
  return kitchen
}
