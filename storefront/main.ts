/** Where the storefront begins in the browser: its styles and its theme, then the page. */
import { createApp } from 'vue'
import './storefront.css'
import app from './app.vue'

/** A dining room is dim: who has set their phone to dark sees the house by night. */
const wish = matchMedia('(prefers-color-scheme: dark)')
const follow = (): void => {
  document.documentElement.dataset.theme = wish.matches ? 'dark' : 'light'
}
wish.addEventListener('change', follow)
follow()
createApp(app).mount('#app')
