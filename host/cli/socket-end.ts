// TCP sockets at the end of a cable, as QEMU's `-netdev socket` and `-netdev stream` speak on them.
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { checkOptions, checkText } from "../core/arguments.ts";
import { ArgumentError } from "../core/errors.ts";
import { StreamEnd } from "../embed/wire/stream-end.ts";
import { UsageError } from "./io.ts";
import { OpenedStream, systemReason } from "./qtest-stream.ts";

/** Where a socket listens or connects to; `host` is an address or a name, by default this machine itself. */
export interface SocketAddress {
  host?: string;
  /** 1 to 65535; 0 lets the system choose where to listen. */
  port: number;
}

const LOOPBACK = "127.0.0.1";
const PORT_MAX = 0xffff;

/** An address with its defaults. Throws ArgumentError for what is none. */
function checkAddress(address: SocketAddress, leastPort: number): Required<SocketAddress> {
  checkOptions("address", address, ["host", "port"]);
  const { host = LOOPBACK, port } = address;
  checkText("host", host);
  if (!Number.isInteger(port) || port < leastPort || port > PORT_MAX) {
    throw new ArgumentError("port", port, `is not a whole number, ${leastPort} to ${PORT_MAX}`);
  }
  return { host, port };
}

export class SocketEnd extends StreamEnd {
  readonly #server: Server | undefined;
  #socket: Socket | undefined;

  /** For `listenSocket` and `connectSocket`. */
  private constructor(name: string, server: Server | undefined) {
    super(name);
    checkText("name", name);
    this.#server = server;
  }

  /**
   * Listens for one client at a time. Throws ArgumentError for what is no address, UsageError when it is not possible
   * there.
   */
  static async listen(address: SocketAddress): Promise<SocketEnd> {
    const { host, port } = checkAddress(address, 0);
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => end.#use(socket));
      const end = new SocketEnd(`listen:${host}:${port}`, server);
      server.once("error", (error) => reject(new UsageError(`listen on ${host}:${port}: ${systemReason(error)}`)));
      server.listen({ host, port }, () => {
        server.unref();
        resolve(end);
      });
    });
  }

  /** Connects to who listens there. Throws ArgumentError for what is no address, UsageError when nobody listens. */
  static async connect(address: SocketAddress): Promise<SocketEnd> {
    const { host, port } = checkAddress(address, 1);
    return new Promise((resolve, reject) => {
      const socket = createConnection({ host, port });
      const refuse = (error: Error): void => reject(new UsageError(`${host}:${port}: ${systemReason(error)}`));
      socket.once("error", refuse);
      socket.once("connect", () => {
        socket.off("error", refuse);
        const end = new SocketEnd(`connect:${host}:${port}`, undefined);
        end.#use(socket);
        resolve(end);
      });
    });
  }

  /** The port on which it listens. */
  get port(): number | undefined {
    const address = this.#server?.address();
    return typeof address === "object" && address !== null ? address.port : undefined;
  }

  /** Ends the connection and listens no more: the link goes down. */
  close(): void {
    this.#server?.close();
    this.#socket?.destroy();
  }

  #use(socket: Socket): void {
    if (this.#socket !== undefined) {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("close", () => {
      this.#socket = undefined;
      this.disconnect();
    });
    this.connect(new OpenedStream(socket));
    socket.on("data", () => this.arrived());
  }
}
