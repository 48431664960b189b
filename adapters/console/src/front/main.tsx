import "@fontsource-variable/inter/wght.css";
import "./front.css";
import { TransportProvider } from "@connectrpc/connect-query";
import { QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { createQueryClient } from "../api/query";
import { createTransport } from "../api/transport";
import { startLanguage } from "../i18n";
import { followSystemScheme } from "../theme/scheme";
import { installTrustedTypes } from "../theme/trusted";
import { App } from "./App";

installTrustedTypes();
followSystemScheme();
await startLanguage("front");

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <TransportProvider transport={createTransport()}>
      <QueryClientProvider client={createQueryClient()}>
        <App />
      </QueryClientProvider>
    </TransportProvider>,
  );
}
