// What the commands of the flash (AT25DF321) need and do, as data.
import * as part from "../../../assembly/spec/igb/flash-part.ts";

/** Bytes of a command with its address; and of one with a byte of data. */
export const HEADER = 4;
export const SHORT = 2;
/** What follows Read ID. */
export const ID: readonly number[] = [part.FLASH_ID_0, part.FLASH_ID_1, part.FLASH_ID_2, part.FLASH_ID_3];

/** Commands that need Write Enable, and the bytes without which they do nothing. */
export const WRITING: ReadonlyMap<number, number> = new Map([
  [part.FLASH_WRITE_STATUS, SHORT],
  [part.FLASH_PROGRAM, HEADER + 1],
  [part.FLASH_ERASE_4K, HEADER],
  [part.FLASH_ERASE_32K, HEADER],
  [part.FLASH_ERASE_64K, HEADER],
  [part.FLASH_ERASE_CHIP, 1],
  [part.FLASH_ERASE_CHIP_ALIAS, 1],
  [part.FLASH_PROTECT, HEADER],
  [part.FLASH_UNPROTECT, HEADER],
]);

/** What an erase command erases, and for how many microseconds. */
export const ERASES: ReadonlyMap<number, readonly [size: number, us: number]> = new Map([
  [part.FLASH_ERASE_4K, [part.FLASH_BLOCK_4K, part.FLASH_ERASE_4K_US]],
  [part.FLASH_ERASE_32K, [part.FLASH_BLOCK_32K, part.FLASH_ERASE_32K_US]],
  [part.FLASH_ERASE_64K, [part.FLASH_SECTOR, part.FLASH_ERASE_64K_US]],
  [part.FLASH_ERASE_CHIP, [part.FLASH_SIZE, part.FLASH_ERASE_CHIP_US]],
  [part.FLASH_ERASE_CHIP_ALIAS, [part.FLASH_SIZE, part.FLASH_ERASE_CHIP_US]],
]);
