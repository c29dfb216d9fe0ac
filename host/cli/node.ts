// What the package offers to programs in Node alone.
export { type SocketAddress, SocketEnd } from "./socket-end.ts";
