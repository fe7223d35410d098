/**
 * How the inspector and the storefront become static files.
 *
 * A page may load nothing but files of its own server, so nothing is put into a `data:` URL or into the page itself.
 * What others wrote goes out with its licences.
 */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defaultClientConditions, type Plugin, type UserConfig } from 'vite'

/** Their files are named in a style, and are no modules. */
const fonts = ['@fontsource-variable/archivo', '@fontsource/ibm-plex-mono']

const licenses = (): Plugin => ({
  name: 'licenses',
  generateBundle() {
    const modules = [...this.getModuleIds()].flatMap((id) => packageIn(id) ?? [])
    const texts = [...new Set([...modules, ...fonts])].sort().flatMap((name) => {
      const file = new URL(`../node_modules/${name}/LICENSE`, import.meta.url)
      return existsSync(file) ? [`${name}\n\n${readFileSync(file, 'utf8').trim()}\n`] : []
    })
    this.emitFile({ type: 'asset', fileName: 'licenses.txt', source: texts.join(`\n${'-'.repeat(72)}\n\n`) })
  },
})
const packageIn = (id: string): string | undefined => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1]

export const pageConfig = (name: 'inspector' | 'storefront'): UserConfig => ({
  root: fileURLToPath(new URL(`../${name}`, import.meta.url)),
  base: './',
  publicDir: false,
  // Layers by their doors, from source.
  resolve: { conditions: ['source', ...defaultClientConditions] },
  worker: { format: 'es' },
  plugins: [vue(), licenses()],
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false' },
  build: {
    outDir: `../dist/${name}`,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // What each part may weigh is a test (bundle.test.ts).
    chunkSizeWarningLimit: Number.POSITIVE_INFINITY,
    // How long it takes depends on what else runs; it is no news.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
})
