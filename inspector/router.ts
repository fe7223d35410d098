/** The address of each room. It stands behind the hash, so that the server knows one page. */
import { createRouter, createWebHashHistory, type RouteRecordRaw } from 'vue-router'
import notBuilt from './rooms/not-built.vue'
import nowhere from './rooms/nowhere.vue'
import { isIn, rooms } from './shell/rooms.ts'

const routes = rooms.map((room): RouteRecordRaw => {
  const { inner = '', load } = room
  const path = `${room.path}${inner}`
  return load === undefined ? { path, component: notBuilt, props: { room } } : { path, component: load }
})

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    ...routes,
    { path: '/actors/:id(.+)', component: () => import('./rooms/actor.vue'), props: true },
    { path: '/:nowhere(.*)*', component: nowhere },
  ],
})
router.afterEach(({ path, params: { id } }) => {
  const title = rooms.find((room) => isIn(room, path))?.title ?? id
  document.title = title === undefined ? 'Brigade' : `${title}, Brigade`
})
