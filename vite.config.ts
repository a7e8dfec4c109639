import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// The admin is built into dist/web; the server hands index.html out itself, because each answer carries its own headers.
export default defineConfig({
  root: 'web',
  base: '/assets/',
  plugins: [react()],
  build: { outDir: '../dist/web', emptyOutDir: true, assetsDir: '', chunkSizeWarningLimit: 900 },
})
