/** For the compiler, which checks the tests and cannot read `.vue`; vue-tsc checks what is in them. */
declare module '*.vue' {
  import type { DefineComponent } from 'vue'

  const component: DefineComponent
  export default component
}
