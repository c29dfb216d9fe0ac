// Guest files: what is kept, what is refused, and what is said where they cannot be had.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { GuestError } from "../../../host/cli/guests/failure.ts";
import { recipeId } from "../../../host/cli/guests/recipe.ts";
import { fetchGuests, guestsFolder, openGuests } from "../../../host/cli/guests/store.ts";
import { guestsCommand } from "../../../host/cli/guests.ts";
import { linuxCommand } from "../../../host/cli/linux.ts";
import { testIo } from "../io.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "iovirt-guests-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** Guest files as `iovirt guests` leaves them. */
function lay(files: Record<string, string>): string {
  const place = join(folder, recipeId());
  const sums = Object.entries(files).map(([name, text]) => {
    mkdirSync(dirname(join(place, name)), { recursive: true });
    writeFileSync(join(place, name), text);
    return [name, createHash("sha256").update(text).digest("hex")];
  });
  const manifest = { kernelRelease: "6.1.0-99-686", packages: ["a_1_i386.deb"], files: Object.fromEntries(sums) };
  writeFileSync(join(place, "manifest.json"), JSON.stringify(manifest));
  return place;
}

test("the folder: $IOVIRT_GUESTS, otherwise iovirt/guests in $XDG_CACHE_HOME or ~/.cache", () => {
  expect(guestsFolder({ IOVIRT_GUESTS: "/a/b", XDG_CACHE_HOME: "/c" })).toBe("/a/b");
  expect(guestsFolder({ XDG_CACHE_HOME: "/c" })).toBe("/c/iovirt/guests");
  expect(guestsFolder({ XDG_CACHE_HOME: "", HOME: "/home/a" })).toBe("/home/a/.cache/iovirt/guests");
  expect(guestsFolder({ IOVIRT_GUESTS: "b" })).toBe(join(process.cwd(), "b"));
});

test("XDG Base Directory 0.8: a relative $XDG_CACHE_HOME is ignored, and so is a relative $HOME", () => {
  expect(guestsFolder({ XDG_CACHE_HOME: "c", HOME: "/home/a" })).toBe("/home/a/.cache/iovirt/guests");
  const own = join(userInfo().homedir, ".cache/iovirt/guests");
  for (const HOME of ["", "d", undefined]) expect(guestsFolder({ XDG_CACHE_HOME: "./c", HOME })).toBe(own);
});

test("a file is read as it was fetched; one that changed, or is gone, is refused by name", () => {
  const place = lay({ vmlinuz: "kernel", "tree/bin/x": "program" });
  const files = openGuests(folder);
  expect(files.kernelRelease).toBe("6.1.0-99-686");
  expect(Buffer.from(files.read("tree/bin/x")).toString()).toBe("program");
  writeFileSync(join(place, "tree/bin/x"), "progrbm");
  expect(() => files.read("tree/bin/x")).toThrow(`${join(place, "tree/bin/x")} is not what was fetched`);
  rmSync(join(place, "vmlinuz"));
  expect(() => files.read("vmlinuz")).toThrow(GuestError);
  expect(() => files.read("../manifest.json")).toThrow(GuestError);
});

test("the digest follows the contents", () => {
  lay({ vmlinuz: "kernel" });
  const { digest } = openGuests(folder);
  lay({ vmlinuz: "kernek" });
  expect(openGuests(folder).digest).not.toBe(digest);
});

test("whole files are not fetched again: no client is asked", async () => {
  vi.stubEnv("PATH", "/nowhere");
  lay({ vmlinuz: "kernel" });
  const steps: string[] = [];
  expect((await fetchGuests((what) => steps.push(what), folder)).kernelRelease).toBe("6.1.0-99-686");
  expect(steps).toEqual([]);
});

test("iovirt guests without Debian's client: one line, status 1, nothing left behind", async () => {
  vi.stubEnv("PATH", "/nowhere");
  vi.stubEnv("IOVIRT_GUESTS", folder);
  const io = testIo(true);
  expect(await guestsCommand.run([], io)).toBe(1);
  expect(io.stderr).toBe("iovirt: apt-get is not on this machine: the guest is made of Debian's packages\n");
  expect(readdirSync(folder)).toEqual([]);
});

test("iovirt linux without guest files: one line that says what fetches them, status 1", async () => {
  vi.stubEnv("IOVIRT_GUESTS", folder);
  const io = testIo();
  expect(await linuxCommand.run(["--exec", "true"], io)).toBe(1);
  expect(io.stderr).toBe(`iovirt: no guest files in ${join(folder, recipeId())}: \`iovirt guests\` fetches them\n`);
  writeFileSync(join(lay({ vmlinuz: "" }), "manifest.json"), "{");
  expect(() => openGuests(folder)).toThrow(/manifest\.json is no manifest: `iovirt guests` fetches the files again$/);
});

test.each(["iovirt guests", "iovirt linux"])(
  "%s with a file in the place of its folder, or above it: one line, status 1",
  async (name) => {
    const command = name === "iovirt guests" ? guestsCommand : linuxCommand;
    const file = join(folder, "file");
    writeFileSync(file, "");
    for (const [path, said] of [
      [file, "is not a directory"],
      [join(file, "below"), "not a directory"],
    ] as const) {
      vi.stubEnv("IOVIRT_GUESTS", path);
      const io = testIo();
      expect(await command.run([], io)).toBe(1);
      expect([io.stdout, io.stderr]).toEqual(["", `iovirt: ${path}: ${said}\n`]);
    }
  },
);
