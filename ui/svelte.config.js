// Svelte needs no options; the file lets editors and the checker find it.
import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";

export default { preprocess: vitePreprocess() };
