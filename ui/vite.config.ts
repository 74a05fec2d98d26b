// How the page is built: one bundle for the desktop and the browser, and, with
// `--mode fake`, one with a simulated engine for tests and pictures.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [svelte()],
  server: { port: 5173, strictPort: true },
  build: {
    target: "es2023",
    // Fonts stay files: the content security policy forbids data: fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    emptyOutDir: true,
  },
});
