// LEDCTL: four LEDs, 8 bits each, LED 0 lowest (I350 §8.2.9 LEDCTL; 82576 §8.2.9).

export const LEDCTL: u32 = 0x0e00;
/** LED 0 shows link up, LED 1 activity and blinks at 200 ms, LEDs 2 and 3 show 100 and 1000 Mb/s. */
export const LEDCTL_RESET: u32 = 0x0706_8302;
export const LEDS: u32 = 4;
export const LED_BITS: u32 = 8;

// Of one LED.
export const LED_MODE_HI: u32 = 3;
export const LED_MODE_LO: u32 = 0;
/** Inverted. */
export const LED_IVRT: u32 = 0x0000_0040;
/** It blinks while it would be lit. */
export const LED_BLINK: u32 = 0x0000_0080;

// What lights it. The modes that are not here show pins and buses.
export const LED_MODE_LINK_10_1000: u32 = 0x0;
export const LED_MODE_LINK_100_1000: u32 = 0x1;
export const LED_MODE_LINK_UP: u32 = 0x2;
/** Frames go out, or come in and pass a filter. */
export const LED_MODE_FILTER_ACTIVITY: u32 = 0x3;
/** A link, and no frames. */
export const LED_MODE_LINK_ACTIVITY: u32 = 0x4;
export const LED_MODE_LINK_10: u32 = 0x5;
export const LED_MODE_LINK_100: u32 = 0x6;
export const LED_MODE_LINK_1000: u32 = 0x7;
export const LED_MODE_FULL_DUPLEX: u32 = 0x9;
export const LED_MODE_ACTIVITY: u32 = 0xb;
export const LED_MODE_PAUSED: u32 = 0xd;
export const LED_MODE_LED_ON: u32 = 0xe;
export const LED_MODE_LED_OFF: u32 = 0xf;
