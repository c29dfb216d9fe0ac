// Serves the built files of this package to browsers on this machine.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
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

export interface PageServer {
  /** The address of the page. */
  url: string;
  /** Ends the server and its connections. */
  close(): Promise<void>;
}

/**
 * Serves the package's built files on 127.0.0.1, and nothing else: only GET and HEAD, only files of known types.
 * `port` 0 takes a free one. Rejects with the system's error when the port cannot be had.
 */
export async function servePage(port: number): Promise<PageServer> {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const server = createServer((request, response) => {
    answer(root, request, response).catch(() => response.destroy());
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

async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  const url = request.url ?? "/";
  const path = pathOf(url);
  if (path === "/") {
    response.writeHead(302, { location: PAGE + new URL(url, `http://${LOOPBACK}`).search }).end();
    return;
  }
  const type = path === undefined ? undefined : TYPES[extname(path)];
  const file = path === undefined ? "" : join(root, path);
  const found = type === undefined ? undefined : await stat(file).catch(() => undefined);
  if (type === undefined || !found?.isFile()) {
    response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
    return;
  }
  response.writeHead(200, {
    "content-type": type,
    "content-length": found.size,
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'self' data:; script-src 'self' 'wasm-unsafe-eval'",
  });
  if (request.method === "HEAD") response.end();
  else
    createReadStream(file)
      .on("error", () => response.destroy())
      .pipe(response);
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
