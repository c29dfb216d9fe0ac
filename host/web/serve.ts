// Serves the built files of this package to browsers on this machine.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".wasm": "application/wasm",
};
/** Where the page is, seen from the package's built files. */
const PAGE = "/host/web/index.html";
const LOOPBACK = "127.0.0.1";
const TEXT = { "content-type": "text/plain; charset=utf-8" };

/** A file that is not the package's. */
export interface ServedFile {
  /** Its media type. */
  type: string;
  bytes: Uint8Array;
}

export interface ServeOptions {
  /** TCP port; 0 takes a free one. */
  port: number;
  /** Files that are not the package's, by path. What cannot be had throws. */
  files?: ReadonlyMap<string, () => ServedFile | Promise<ServedFile>>;
  /** Other addresses of pages: path, and where it leads. */
  pages?: ReadonlyMap<string, string>;
}

export interface PageServer {
  /** The address of the page. */
  url: string;
  /** Ends the server and its connections. */
  close(): Promise<void>;
}

/**
 * Serves the package's built files and those of `options` on 127.0.0.1, and nothing else: only GET and HEAD, of the
 * package only files of known types. Rejects with the system's error when the port cannot be had.
 */
export async function servePage(options: ServeOptions): Promise<PageServer> {
  const { port, files = new Map(), pages = new Map() } = options;
  const site: Site = {
    root: fileURLToPath(new URL("../..", import.meta.url)),
    files,
    pages: new Map([["/", PAGE], ...pages]),
  };
  const server = createServer((request, response) => {
    answer(site, request, response).catch(() => response.destroy());
  });
  await listen(server, port);
  const address = server.address();
  const actual = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${LOOPBACK}:${actual}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, LOOPBACK, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

interface Site extends Required<Omit<ServeOptions, "port">> {
  /** The folder of the package's built files. */
  root: string;
}

async function answer(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  const url = request.url ?? "/";
  const path = pathOf(url);
  const page = path === undefined ? undefined : (site.pages.get(path) ?? site.pages.get(path.replace(/\/$/, "")));
  if (page !== undefined) {
    response.writeHead(302, { location: page + new URL(url, `http://${LOOPBACK}`).search }).end();
    return;
  }
  const other = path === undefined ? undefined : site.files.get(path);
  if (other !== undefined) {
    await sendFile(other, request, response);
    return;
  }
  const type = path === undefined ? undefined : TYPES[extname(path)];
  const file = path === undefined ? "" : join(site.root, path);
  const found = type === undefined ? undefined : await stat(file).catch(() => undefined);
  if (type === undefined || !found?.isFile()) {
    response.writeHead(404, TEXT).end("not found\n");
    return;
  }
  response.writeHead(200, headers(type, found.size));
  if (request.method === "HEAD") response.end();
  else
    createReadStream(file)
      .on("error", () => response.destroy())
      .pipe(response);
}

async function sendFile(
  get: () => ServedFile | Promise<ServedFile>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { type, bytes } = await get();
    response.writeHead(200, headers(type, bytes.length)).end(request.method === "HEAD" ? undefined : bytes);
  } catch (error) {
    response.writeHead(503, TEXT).end(`${error instanceof Error ? error.message : String(error)}\n`);
  }
}

function headers(type: string, length: number): OutgoingHttpHeaders {
  return {
    "content-type": type,
    "content-length": length,
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
    // v86 times itself by a worker that it makes of its own text.
    "content-security-policy":
      "default-src 'self' data:; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:",
  };
}

/** The path of a request, decoded; undefined when it is malformed or leaves the root. */
function pathOf(url: string): string | undefined {
  try {
    // The parser resolves `.` and `..`, encoded ones too; what is left of them after decoding is refused.
    const path = decodeURIComponent(new URL(url, `http://${LOOPBACK}`).pathname);
    return path.includes("\0") || path.split(/[/\\]/).includes("..") ? undefined : path;
  } catch {
    return undefined;
  }
}
