import { common } from "./common";
import { office } from "./office";

export const tables = { common, office };
