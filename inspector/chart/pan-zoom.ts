/**
 * Where one looks at a chart: it is moved with the pointer or the wheel, and enlarged with Ctrl and the wheel.
 *
 * Owns:     scale and offset. Until somebody moves it, all of it is shown that is legible, with the active state in it.
 * Does not: draw, or know keys.
 */
import { onScopeDispose, type Ref, shallowRef, watch, watchEffect } from 'vue'
import type { Box } from './layout.ts'

/** Smaller its words are not legible; narrower than its pane it may be moved sideways. */
const scaleMin = 0.8
const scaleMinWide = 0.7
const scaleMax = 1.1
export const edge = 10

/** `here`: the box that is to be seen. */
export function usePanZoom(
  pane: Readonly<Ref<HTMLElement | null>>,
  drawing: Readonly<Ref<{ readonly width: number; readonly height: number }>>,
  here: Readonly<Ref<Box | undefined>>,
) {
  const size = shallowRef({ width: 624, height: 560 })
  const scale = shallowRef(1)
  const offset = shallowRef({ x: 0, y: 0 })
  const isMoved = shallowRef(false)
  const sizes = new ResizeObserver(([entry]) => {
    if (entry !== undefined) size.value = { width: entry.contentRect.width, height: entry.contentRect.height }
  })
  watchEffect((onCleanup) => {
    const { value: watched } = pane
    if (watched === null) return
    sizes.observe(watched)
    onCleanup(() => sizes.unobserve(watched))
  })
  onScopeDispose(() => sizes.disconnect())

  /** All of it if that is legible, and else as much as is, with the active state in it. */
  function showAll(): void {
    const { width, height } = drawing.value
    const wide = (size.value.width - 2 * edge) / width
    const high = (size.value.height - 2 * edge) / height
    scale.value = Math.max(scaleMinWide, Math.min(scaleMax, wide, Math.max(scaleMin, high)))
    offset.value = { x: placed('x', 'width'), y: placed('y', 'height') }
  }

  /** In the middle if all of it is seen; else so that the active state is, and no room is left over. */
  function placed(axis: 'x' | 'y', extent: 'width' | 'height'): number {
    const room = size.value[extent]
    const whole = drawing.value[extent] * scale.value
    if (whole <= room - 2 * edge) return axis === 'y' ? edge : (room - whole) / 2
    const { value: box } = here
    const middle = box === undefined ? 0 : (box[axis] + box[extent] / 2) * scale.value
    return Math.min(edge, Math.max(room - whole - edge, room * 0.42 - middle))
  }

  watch(
    [size, here, drawing],
    () => {
      if (!isMoved.value) showAll()
    },
    { immediate: true },
  )

  function fitAgain(): void {
    isMoved.value = false
    showAll()
  }

  function move(x: number, y: number): void {
    isMoved.value = true
    const within = (to: number, extent: 'width' | 'height'): number => {
      const whole = drawing.value[extent] * scale.value
      return Math.min(size.value[extent] - 60, Math.max(60 - whole, to))
    }
    offset.value = { x: within(offset.value.x + x, 'width'), y: within(offset.value.y + y, 'height') }
  }

  /** `at` stays where it is. */
  function enlarge(by: number, at = { x: size.value.width / 2, y: size.value.height / 2 }): void {
    isMoved.value = true
    const next = Math.min(3, Math.max(0.3, scale.value * by))
    const grown = next / scale.value
    offset.value = { x: at.x - (at.x - offset.value.x) * grown, y: at.y - (at.y - offset.value.y) * grown }
    scale.value = next
  }

  function wheel(event: WheelEvent): void {
    event.preventDefault()
    if (!event.ctrlKey && !event.metaKey) {
      move(-event.deltaX, -event.deltaY)
      return
    }
    const { left, top } = (event.currentTarget as Element).getBoundingClientRect()
    enlarge(Math.exp(-event.deltaY / 300), { x: event.clientX - left, y: event.clientY - top })
  }

  let dragged: { readonly id: number; x: number; y: number } | undefined
  function pointerdown(event: PointerEvent): void {
    if (event.button !== 0) return
    dragged = { id: event.pointerId, x: event.clientX, y: event.clientY }
  }
  function pointermove(event: PointerEvent): void {
    if (dragged?.id !== event.pointerId) return
    const [x, y] = [event.clientX - dragged.x, event.clientY - dragged.y]
    // A click that trembles moves nothing.
    if (!isMoved.value && Math.hypot(x, y) < 4) return
    ;(event.currentTarget as Element).setPointerCapture(event.pointerId)
    dragged = { id: event.pointerId, x: event.clientX, y: event.clientY }
    move(x, y)
  }
  function pointerup(): void {
    dragged = undefined
  }

  /** Moves it so far that all of the box is seen. */
  function bring(box: Box): void {
    const beyond = (axis: 'x' | 'y', extent: 'width' | 'height'): number => {
      const from = box[axis] * scale.value + offset.value[axis]
      const to = from + box[extent] * scale.value
      return from < edge ? edge - from : to > size.value[extent] - edge ? size.value[extent] - edge - to : 0
    }
    const [x, y] = [beyond('x', 'width'), beyond('y', 'height')]
    if (x !== 0 || y !== 0) move(x, y)
  }

  return {
    scale,
    offset,
    isMoved,
    move,
    enlarge,
    fitAgain,
    bring,
    /** Listeners of the element that is moved. */
    listeners: {
      onWheel: wheel,
      onPointerdown: pointerdown,
      onPointermove: pointermove,
      onPointerup: pointerup,
      onPointercancel: pointerup,
    },
  }
}
