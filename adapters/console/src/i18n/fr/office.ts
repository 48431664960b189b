import type { office as source } from "../en/office";
import type { Words } from "../words";

export const office: Words<typeof source> = {};
