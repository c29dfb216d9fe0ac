// Laying resources side by side: the largest alignment first, so that no gap is wider than it must be.

/** Something that needs a place, and how it learns which. */
export interface Resource {
  /** Bytes. */
  readonly size: number;
  /** A power of two. */
  readonly alignment: number;
  place(base: number): void;
}

/** Resources as one: its size and alignment, and how to place them. None when there are none. */
export function pack(resources: readonly Resource[], granule: number): Resource[] {
  if (resources.length === 0) return [];
  const ordered = [...resources].sort((a, b) => b.alignment - a.alignment);
  let end = 0;
  const offsets = ordered.map((resource) => {
    const offset = alignUp(end, resource.alignment);
    end = offset + resource.size;
    return offset;
  });
  const alignment = Math.max(granule, ordered[0]?.alignment ?? granule);
  return [
    {
      size: alignUp(end, granule),
      alignment,
      place: (base) => {
        for (const [i, resource] of ordered.entries()) resource.place(base + (offsets[i] as number));
      },
    },
  ];
}

/** Places what fits between `base` and `base + size`; the rest learns nothing. */
export function placeWithin(resources: readonly Resource[], base: number, size: number): void {
  let next = base;
  for (const resource of [...resources].sort((a, b) => b.alignment - a.alignment)) {
    const at = alignUp(next, resource.alignment);
    if (at + resource.size > base + size) continue;
    resource.place(at);
    next = at + resource.size;
  }
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
