/** How the storefront becomes static files: as every page does. */
import { defineConfig } from 'vite'
import { pageConfig } from '../scripts/page-config.ts'

export default defineConfig(pageConfig('storefront'))
