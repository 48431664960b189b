import {
  createTheme,
  defaultVariantColorsResolver,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from "@mantine/core";

// Mantine wants ten shades; the two that matter are the accent of each theme
// (8 in light, 4 in dark), as in tokens.css.
const petrol: MantineColorsTuple = [
  "#e9f4f6",
  "#d3e8ec",
  "#a9d6de",
  "#82ceda",
  "#5cc5d6",
  "#35a3b5",
  "#1f8495",
  "#147080",
  "#0b5c6b",
  "#094b58",
];

// Mantine draws its dark controls from these; they are the dark tokens, lightest first.
const dark: MantineColorsTuple = [
  "#e8eaec",
  "#c6cbd0",
  "#a3abb2",
  "#8a939a",
  "#6c757c",
  "#2b3338",
  "#1c2226",
  "#1c2226",
  "#14181b",
  "#0f1214",
];

export const theme = createTheme({
  primaryColor: "petrol",
  primaryShade: { light: 8, dark: 4 },
  colors: { petrol, dark },
  // Mantine judges the contrast of an accent once, in the light theme; ours differs in the dark one.
  variantColorResolver: (input) => {
    const colors = defaultVariantColorsResolver(input);
    const accent = input.color === undefined || input.color === "petrol";
    return input.variant === "filled" && accent ? { ...colors, color: "var(--k-on-accent)" } : colors;
  },
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Mono', 'Liberation Mono', monospace",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.5", lg: "1.5", xl: "1.4" },
  headings: {
    fontWeight: "650",
    sizes: {
      h1: { fontSize: "28px", lineHeight: "1.25" },
      h2: { fontSize: "20px", lineHeight: "1.3" },
      h3: { fontSize: "16px", lineHeight: "1.4" },
      h4: { fontSize: "14px", lineHeight: "1.4" },
    },
  },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "24px", xl: "32px" },
  radius: { xs: "4px", sm: "6px", md: "8px", lg: "12px", xl: "16px" },
  defaultRadius: "sm",
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  components: {
    // The list itself scrolls, which the keyboard's choice moves; a frame around it could not be reached.
    Select: { defaultProps: { withScrollArea: false } },
    MultiSelect: { defaultProps: { withScrollArea: false } },
    // Its first item takes the focus; a place before it would be no menu item.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
  },
});

// Mantine's own variables follow the tokens, so a color is written once.
export const resolver: CSSVariablesResolver = () => {
  const shared = {
    "--mantine-color-body": "var(--k-ground)",
    "--mantine-color-text": "var(--k-ink)",
    "--mantine-color-bright": "var(--k-ink)",
    "--mantine-color-dimmed": "var(--k-quiet)",
    "--mantine-color-placeholder": "var(--k-quiet)",
    "--mantine-color-anchor": "var(--k-accent)",
    "--mantine-color-error": "var(--k-failed)",
    "--mantine-color-default": "var(--k-panel)",
    "--mantine-color-default-hover": "var(--k-hover)",
    "--mantine-color-default-color": "var(--k-ink)",
    "--mantine-color-default-border": "var(--k-control)",
    "--mantine-primary-color-filled": "var(--k-accent)",
    "--mantine-primary-color-filled-hover": "var(--k-accent-hover)",
    "--mantine-primary-color-contrast": "var(--k-on-accent)",
    "--mantine-primary-color-light": "var(--k-accent-soft)",
    "--mantine-primary-color-light-hover": "var(--k-accent-soft)",
    "--mantine-primary-color-light-color": "var(--k-accent)",
    "--mantine-color-petrol-text": "var(--k-accent)",
    "--mantine-color-petrol-filled": "var(--k-accent)",
    "--mantine-color-petrol-filled-hover": "var(--k-accent-hover)",
    "--mantine-color-petrol-light": "var(--k-accent-soft)",
    "--mantine-color-petrol-light-hover": "var(--k-accent-soft)",
    "--mantine-color-petrol-light-color": "var(--k-accent)",
    "--mantine-color-petrol-outline": "var(--k-accent)",
    "--mantine-color-red-text": "var(--k-failed)",
    "--mantine-color-red-outline": "var(--k-failed)",
    "--mantine-color-red-light": "var(--k-failed-soft)",
    "--mantine-color-red-light-hover": "var(--k-failed-soft)",
    "--mantine-color-red-light-color": "var(--k-failed)",
  };
  return { variables: shared, light: shared, dark: shared };
};
