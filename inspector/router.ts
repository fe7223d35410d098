/** The address of each room. It stands behind the hash, so that the server knows one page. */
import { createRouter, createWebHashHistory } from 'vue-router'
import overview from './rooms/overview.vue'

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [{ path: '/', component: overview }],
})
