import "i18next";
import type { common } from "./en/common";
import type { front } from "./en/front";
import type { office } from "./en/office";

// Keys are checked by the compiler: a word that is missing does not build.
declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: { common: typeof common; office: typeof office; front: typeof front };
  }
}
