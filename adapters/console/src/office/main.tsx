import "@fontsource-variable/inter/wght.css";
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import "../theme/tokens.css";
import "./office.css";
import { setNonce } from "get-nonce";
import { createRoot } from "react-dom/client";
import { createQueryClient } from "../api/query";
import { createTransport } from "../api/transport";
import { startLanguage } from "../i18n";
import { styleNonce } from "../theme/nonce";
import { installTrustedTypes } from "../theme/trusted";
import { Office } from "./Office";
import { createOfficeRouter } from "./router";
import { leaveWhenSignedOut } from "./leave";

installTrustedTypes();
// Dialogs keep the page behind them from scrolling with a style of their own.
setNonce(styleNonce());
await startLanguage("office");

const transport = createTransport();
const queries = createQueryClient();
const router = createOfficeRouter({ queries, transport });
leaveWhenSignedOut(queries, router);

const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<Office transport={transport} queries={queries} router={router} />);
