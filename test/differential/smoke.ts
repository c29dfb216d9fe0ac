import { QemuTransport } from "./transport.ts"; import { ModelTransport } from "./model.ts"; import { Partner } from "./partner.ts"; import { Runner } from "./run.ts";
const q = process.env.HOME + "/.cache/iovirt/qemu/11.1/bin/qemu-system-x86_64";
const test = { kind: "x", platform: "legacy", steps: [
 { op: "words", at: "0x200000", words: ["0x201001","0x0"] },
 { op: "words", at: "0x201280", words: ["0x202001","0x102"] },
 { op: "words", at: "0x202000", words: ["0x203003"] },
 { op: "words", at: "0x203000", words: ["0x204003"] },
 { op: "words", at: "0x204000", words: ["0x205003"] },
 { op: "words", at: "0x205008", words: ["0x285003","0x286001"] },
 { op: "register", name: "RTADDR", value: "0x200000" }, { op: "register", name: "GCMD", value: "0x40000000" }, { op: "register", name: "GCMD", value: "0x80000000" },
 { op: "dma", direction: "write", device: 0, iova: "0x1010", length: 16, slot: 3 }, { op: "faults", clear: true },
 { op: "dma", direction: "read", device: 0, iova: "0x2010", length: 16, slot: 4 }, { op: "faults", clear: true },
 { op: "dma", direction: "write", device: 0, iova: "0x2010", length: 16, slot: 5 }, { op: "faults", clear: true },
 { op: "probe", iova: "0x1010", hpa: "0x285010", length: 4}, { op: "faults", clear: true },
 { op: "message", device: 0, address: "0xfee01000", data: 0x41 },
]} as any;
for (const t of [new QemuTransport(q, "legacy"), await ModelTransport.create({})]) {
  const r = new Runner(new Partner(t)); await r.start();
  const out = await r.run(test); console.log(t.name, JSON.stringify(out, null, 0).slice(0, 3000));
  const t0 = performance.now(); for (let i = 0; i < 200; i++) await r.run(test); console.log((performance.now()-t0)/200, "ms a case");
  await t.close();
}
