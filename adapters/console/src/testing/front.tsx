import { createRouterTransport, type ServiceImpl } from "@connectrpc/connect";
import { TransportProvider } from "@connectrpc/connect-query";
import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { createQueryClient } from "../api/query";
import { App } from "../front/App";
import { FrontService } from "../gen/kohomai/front/v1/front_pb";

/** Shows the front-office at an address, answered by a test. */
export function renderFront(address: string, answers: Partial<ServiceImpl<typeof FrontService>>) {
  window.history.replaceState(null, "", address);
  const transport = createRouterTransport((router) => router.service(FrontService, answers));
  return render(
    <TransportProvider transport={transport}>
      <QueryClientProvider client={createQueryClient()}>
        <App />
      </QueryClientProvider>
    </TransportProvider>,
  );
}
