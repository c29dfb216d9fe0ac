// The one place that names the loader package: the build bundles it here, so that the package's modules
// resolve in a browser without an import map.
export { instantiate } from "@assemblyscript/loader";
