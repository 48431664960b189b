import { createSpotlight } from "@mantine/spotlight";

/** The command palette's own store: opened by Ctrl+K and by the Find button. */
export const [paletteStore, palette] = createSpotlight();

export function openPalette(): void {
  palette.open();
}
