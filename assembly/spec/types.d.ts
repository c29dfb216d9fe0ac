/** Lets tsc read `assembly/spec/**` as ordinary TypeScript; asc has these types built in. */
declare type u32 = number;
