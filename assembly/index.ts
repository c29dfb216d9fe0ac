// The module's exports: the whole ABI. Every function takes the pointer of the state it works on.
export * from "./core/exports";
export * from "./interrupt/exports";
export * from "./iommu/exports";
export * from "./sriov/exports";
