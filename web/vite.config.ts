import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const server = process.env.GEDANKEN_SERVER ?? 'http://127.0.0.1:8000'

/** KaTeX names every font three times; each browser that runs this page reads woff2. */
function onlyWoff2(): Plugin {
  return {
    name: 'only-woff2',
    enforce: 'pre',
    transform(code, id) {
      if (!id.includes('katex') || !id.split('?')[0]?.endsWith('.css')) return null
      return code.replace(/,\s*url\([^)]*\.(?:woff|ttf)\)\s*format\(["'](?:woff|truetype)["']\)/g, '')
    },
  }
}

/** What the server of the built page does itself. */
function baseInDevelopment(): Plugin {
  return {
    name: 'base-in-development',
    apply: 'serve',
    transformIndexHtml: () => [{ tag: 'base', attrs: { href: '/' }, injectTo: 'head-prepend' }],
  }
}

export default defineConfig({
  // Relative, so that the page works below any path: the server writes <base href> into it.
  base: './',
  plugins: [onlyWoff2(), baseInDevelopment(), react(), tailwindcss()],
  build: {
    outDir: fileURLToPath(new URL('../src/gedanken/serve/page', import.meta.url)),
    emptyOutDir: true,
    // Both keep the content security policy free of exceptions.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    target: 'es2022',
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': server, '/health': server } },
  test: { environment: 'happy-dom', include: ['tests/unit/**/*.test.{ts,tsx}'] },
} as import('vite').UserConfig & { test: unknown })
