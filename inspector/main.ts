/** Where the inspector begins in the browser: its styles, then the app. */
import { createApp } from 'vue'
import './styles/fonts.css'
import './styles/tokens.css'
import './styles/base.css'
import app from './app.vue'
import { router } from './router.ts'

createApp(app).use(router).mount('#app')
