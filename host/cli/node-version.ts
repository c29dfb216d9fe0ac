// Which Node.js the program needs: `engines` of package.json.

/** The oldest: its number and the second part of its version. */
const LEAST = [20, 19] as const;

/** What is wrong with the version `version` of Node.js; undefined when it will do. */
export function lacking(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])) return undefined;
  return `this is Node.js ${version}; it needs ${LEAST.join(".")} or later`;
}
