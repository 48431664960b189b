import type { Transport } from "@connectrpc/connect";
import { TransportProvider } from "@connectrpc/connect-query";
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { styleNonce } from "../theme/nonce";
import { resolver, theme } from "../theme/theme";
import type { createOfficeRouter } from "./router";

interface Props {
  transport: Transport;
  queries: QueryClient;
  router: ReturnType<typeof createOfficeRouter>;
}

/** The console with everything around it. */
export function Office({ transport, queries, router }: Props) {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={resolver} defaultColorScheme="auto" getStyleNonce={styleNonce}>
      <TransportProvider transport={transport}>
        <QueryClientProvider client={queries}>
          <Notifications position="bottom-right" limit={4} />
          <RouterProvider router={router} />
        </QueryClientProvider>
      </TransportProvider>
    </MantineProvider>
  );
}
