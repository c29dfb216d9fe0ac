// The one place that names the loader package: the build bundles it here, so that the package's modules
// resolve in a browser without an import map.
import { instantiate as load } from "@assemblyscript/loader";

/** Instantiates a module with its imports. */
export const instantiate: (
  module: WebAssembly.Module,
  imports: Record<string, Record<string, unknown>>,
) => Promise<{ readonly instance: WebAssembly.Instance }> = load;
