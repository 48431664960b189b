/** The shape of a table with every text replaced by any text: what a translation must fill. */
export type Words<T> = { [K in keyof T]: T[K] extends string ? string : Words<T[K]> };
