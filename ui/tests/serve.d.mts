// Types of serve.mjs.
export const BROWSER: { executablePath: string; args: string[] };
export function serve(root: string): Promise<{ url: string; close: () => Promise<void> }>;
