/** How the page looks to whoever looks: dark or light, the rail folded, larger for a room full of people. */
import { shallowRef } from 'vue'

export type Theme = 'dark' | 'light'

const themePlace = 'brigade.theme'
const wish = matchMedia('(prefers-color-scheme: light)')

const chosen = (): Theme | undefined => {
  const kept = localStorage.getItem(themePlace)
  return kept === 'dark' || kept === 'light' ? kept : undefined
}

export const theme = shallowRef<Theme>('dark')
export const isRailFolded = shallowRef(false)
export const isPresenting = shallowRef(false)

function show(next: Theme): void {
  theme.value = next
  document.documentElement.dataset.theme = next
}

/** As it was chosen here, or else as the system has it, also when that changes. */
export function followTheme(): void {
  const follow = (): void => show(chosen() ?? (wish.matches ? 'light' : 'dark'))
  wish.addEventListener('change', follow)
  follow()
}

export function turnTheme(): void {
  const next = theme.value === 'dark' ? 'light' : 'dark'
  localStorage.setItem(themePlace, next)
  show(next)
}
