// The capabilities of a soak's unit that has legacy mode only.
import type { IommuOptions } from "../../host/machine/iommu-capabilities.ts";

export function withoutScalable(capabilities: IommuOptions): IommuOptions {
  const { hostAddressWidth, addressWidths, guestAddressWidth, largestPage, snoopControl, passThrough } =
    capabilities as Required<IommuOptions>;
  const { cachingMode, faultRecords, domainIdWidth, deviceTlb } = capabilities as Required<IommuOptions>;
  return {
    hostAddressWidth,
    addressWidths,
    guestAddressWidth,
    largestPage,
    snoopControl,
    passThrough,
    deviceTlb,
    cachingMode,
    faultRecords,
    domainIdWidth,
    scalableMode: false,
    enhancedSetPointer: true,
    enhancedSetInterruptPointer: true,
  };
}
