// Makes a component of plugin.js that imports nothing but the contract: no WASI, so no clock, no
// randomness, no files, no network.
import { componentize } from "@bytecodealliance/componentize-js";
import { mkdir, readFile, writeFile } from "node:fs/promises";

const { component } = await componentize(await readFile("plugin.js", "utf8"), {
  witPath: "../../sdk/contract/wit",
  worldName: "supervisor",
  disableFeatures: ["stdio", "random", "clocks", "http", "fetch-event"],
});
await mkdir("dist", { recursive: true });
await writeFile("dist/fuel.component.wasm", component);
