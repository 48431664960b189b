import { common } from "./common";
import { front } from "./front";

export const tables = { common, front };
