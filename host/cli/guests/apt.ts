// Packages by Debian's own client: a private configuration for another architecture and suite, no root, nothing of the
// system touched. apt checks what it fetches against the archive's signature.
import { execFile } from "node:child_process";
import { accessSync, constants, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { GuestError } from "./failure.ts";
import { ARCHITECTURE, KERNEL_METAPACKAGE, KERNEL_PACKAGE, PACKAGES, SUITE } from "./recipe.ts";

const KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg";
const CLIENTS = ["apt-get", "apt-cache", "dpkg-deb"] as const;
/** The lists of packages are some megabytes of text. */
const MAX_OUTPUT = 1 << 26;

const exec = promisify(execFile);

/** A private apt in the folder `folder`, which must exist. */
export class Apt {
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#environment = { ...process.env, APT_CONFIG: join(folder, "apt.conf"), LC_ALL: "C" };
  }

  /** Throws GuestError when the machine lacks Debian's client, its keys, or a Debian mirror in its own sources. */
  static async create(folder: string): Promise<Apt> {
    for (const client of CLIENTS) {
      await exec(client, ["--version"]).catch(() => {
        throw new GuestError(`${client} is not on this machine: the guest is made of Debian's packages`);
      });
    }
    try {
      accessSync(KEYS, constants.R_OK);
    } catch {
      throw new GuestError(`${KEYS} is not on this machine: the package debian-archive-keyring has it`);
    }
    const source = `deb [signed-by=${KEYS} arch=${ARCHITECTURE}] ${await mirror()} ${SUITE} main\n`;
    for (const part of ["lists/partial", "cache/archives/partial", "root"]) {
      mkdirSync(join(folder, part), { recursive: true });
    }
    writeFileSync(join(folder, "status"), "");
    writeFileSync(join(folder, "sources.list"), source);
    writeFileSync(join(folder, "apt.conf"), configuration(folder));
    return new Apt(folder);
  }

  /** Fetches and unpacks every package of the recipe. `step` hears what is being done. */
  async fetch(step: (what: string) => void): Promise<Unpacked> {
    step("lists of packages");
    await this.#run("apt-get", ["update", "-q"]);
    const newest = KERNEL_PACKAGE.exec(await this.#run("apt-cache", ["depends", KERNEL_METAPACKAGE]));
    if (newest === null) throw new GuestError(`${KERNEL_METAPACKAGE} depends on no kernel that is known here`);
    step(newest[0]);
    const archives = join(this.#folder, "cache/archives");
    // Without what it depends on: that is for the installation of a kernel.
    await this.#run("apt-get", ["download", "-q", newest[0]], archives);
    step("programs");
    await this.#run("apt-get", ["install", "-q", "-y", "-d", "--no-install-recommends", ...PACKAGES]);
    const names = readdirSync(archives)
      .filter((name) => name.endsWith(".deb"))
      .sort();
    const root = join(this.#folder, "root");
    for (const [index, name] of names.entries()) {
      step(`unpacking ${index + 1} of ${names.length}`);
      await this.#run("dpkg-deb", ["-x", join(archives, name), root]);
    }
    return { root, kernelRelease: newest[1] as string, packages: names.map((name) => decodeURIComponent(name)) };
  }

  async #run(program: string, args: readonly string[], cwd = this.#folder): Promise<string> {
    const running = exec(program, [...args], { cwd, env: this.#environment, maxBuffer: MAX_OUTPUT });
    try {
      // Before its files are removed, should this program end.
      const end = (): void => void running.child.kill();
      process.prependOnceListener("exit", end);
      const { stdout } = await running.finally(() => process.off("exit", end));
      return stdout;
    } catch (error) {
      throw new GuestError(`${program} ${args[0]}: ${complaint(error)}`);
    }
  }
}

/** The packages' files, as one tree. */
export interface Unpacked {
  /** The folder that holds the tree. */
  root: string;
  /** As the kernel names itself: `6.1.0-50-686`. */
  kernelRelease: string;
  /** The archives' names: package, version, architecture. */
  packages: string[];
}

/** The Debian mirror of the machine's own sources. */
async function mirror(): Promise<string> {
  const { stdout } = await exec("apt-get", ["indextargets", "--format", "$(REPO_URI)"], {
    maxBuffer: MAX_OUTPUT,
  }).catch(() => ({ stdout: "" }));
  const uris = stdout.split("\n").map((line) => line.replace(/\/+$/, ""));
  const found = uris.find((uri) => uri.endsWith("/debian"));
  if (found === undefined) throw new GuestError("the machine's own apt sources name no Debian mirror");
  return found;
}

function configuration(folder: string): string {
  const rows = {
    "APT::Architecture": ARCHITECTURE,
    "APT::Architectures": ARCHITECTURE,
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
    "Acquire::Retries": "3",
    "Dir::Cache": join(folder, "cache"),
    "Dir::Etc::preferencesparts": "-",
    "Dir::Etc::sourcelist": join(folder, "sources.list"),
    "Dir::Etc::sourceparts": "-",
    "Dir::State::lists": join(folder, "lists"),
    "Dir::State::status": join(folder, "status"),
  };
  const listed = new Set(["APT::Architectures"]);
  return Object.entries(rows)
    .map(([name, value]) => (listed.has(name) ? `${name} { "${value}"; };\n` : `${name} "${value}";\n`))
    .join("");
}

/** The first line in which apt says what is wrong. */
function complaint(error: unknown): string {
  const { stderr = "", message = "" } = error as { stderr?: string; message?: string };
  const lines = stderr.split("\n").filter((line) => line !== "");
  return (lines.find((line) => line.startsWith("E:")) ?? lines.at(-1) ?? message).replace(/^E:\s*/, "");
}
