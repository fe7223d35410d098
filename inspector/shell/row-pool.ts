/**
 * Of very many rows of one height, those that a box shows: a pool of elements that is as long as the box is high.
 *
 * Owns:     which rows are seen, and scrolling to one that is not.
 * Does not: hold rows, or make elements.
 */
import { type ComputedRef, computed, onScopeDispose, type Ref, shallowRef, watchEffect } from 'vue'

export interface RowPool {
  /** To be called when the box is scrolled. */
  readonly scrolled: () => void
  readonly first: ComputedRef<number>
  /** From `first` on. */
  readonly count: ComputedRef<number>
  readonly reveal: (row: number) => void
}

/** `length`: how many rows there are now. */
export function useRowPool(
  box: Readonly<Ref<HTMLElement | null>>,
  rowHeight: number,
  length: () => number,
): RowPool {
  const height = shallowRef(600)
  const top = shallowRef(0)
  const sizes = new ResizeObserver(([entry]) => {
    if (entry !== undefined) height.value = entry.contentRect.height
  })
  watchEffect(() => box.value && sizes.observe(box.value))
  onScopeDispose(() => sizes.disconnect())
  const first = computed(() => Math.max(0, Math.min(Math.floor(top.value / rowHeight), length() - 1)))
  const count = computed(() =>
    Math.max(0, Math.min(Math.ceil(height.value / rowHeight) + 1, length() - first.value)),
  )
  return {
    scrolled: () => {
      top.value = box.value?.scrollTop ?? 0
    },
    first,
    count,
    reveal: (row) => {
      const y = row * rowHeight
      const { value: element } = box
      if (element === null) return
      if (y < element.scrollTop) element.scrollTop = y
      else if (y + rowHeight > element.scrollTop + height.value)
        element.scrollTop = y + rowHeight - height.value
    },
  }
}
