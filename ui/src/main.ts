// Where the page begins: chooses the backend and mounts the application.
import "./lib/format/locale";
import { mount } from "svelte";
import Root from "./App.svelte";
import type { Backend } from "./lib/backend/backend";
import "./lib/style/base.css";

async function chooseBackend(): Promise<Backend> {
  if (import.meta.env.MODE === "fake") return (await import("./lib/backend/fake")).fakeBackend();
  if ("__TAURI_INTERNALS__" in window) return (await import("./lib/backend/tauri")).tauriBackend();
  return (await import("./lib/backend/web")).webBackend();
}

const target = document.getElementById("app");
if (target) void chooseBackend().then((backend) => mount(Root, { target, props: { backend } }));
