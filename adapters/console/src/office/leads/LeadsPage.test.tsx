import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import type { RegisterLeadRequest } from "../../gen/kohomai/v1/lead_pb";
import { renderOffice } from "../../testing/office";

describe("the leads page", () => {
  it("searches from the address and into it", async () => {
    const { router } = renderOffice("/leads?q=amazon");
    expect(await screen.findByRole("link", { name: "purchasing@amazon.com" })).toBeTruthy();
    expect(screen.queryByRole("link", { name: "someone@gmail.com" })).toBeNull();
    const field = screen.getByRole("textbox", { name: "Search by e-mail or name" });
    await userEvent.clear(field);
    await userEvent.type(field, "nobody");
    expect(await screen.findByText("No lead matches “nobody”")).toBeTruthy();
    expect(router.state.location.search).toEqual({ q: "nobody" });
    await userEvent.click(screen.getByRole("button", { name: "Clear the search" }));
    expect(await screen.findByRole("link", { name: "someone@gmail.com" })).toBeTruthy();
  });

  it("registers a lead and goes to its journey", async () => {
    const asked: RegisterLeadRequest[] = [];
    const registerLead = (request: RegisterLeadRequest) => {
      asked.push(request);
      return { id: "21", email: "ada@example.com", journey: { id: "31" } };
    };
    const { router } = renderOffice("/leads", { lead: { registerLead } });
    await userEvent.click((await screen.findAllByRole("button", { name: "New lead" }))[0] as HTMLElement);
    const dialog = await screen.findByRole("dialog");
    await userEvent.click(within(dialog).getByRole("button", { name: "Register and start the journey" }));
    expect(await within(dialog).findByText(/Give an e-mail address/)).toBeTruthy();
    await userEvent.type(within(dialog).getByLabelText(/E-mail/), "ada@example.com");
    await userEvent.click(within(dialog).getByRole("button", { name: "Register and start the journey" }));
    await waitFor(() => expect(asked).toHaveLength(1));
    expect(asked[0]?.email).toBe("ada@example.com");
    // The only way in needs no choosing.
    expect(asked[0]?.ref).toBe("demo");
    await waitFor(() => expect(router.state.location.pathname).toMatch(/\/journeys\/31$/));
  });

  it("goes to the sign-in page when the session is over, and remembers the way", async () => {
    const getMe = () => {
      throw new ConnectError("no session", Code.Unauthenticated);
    };
    const { router } = renderOffice("/leads?q=amazon", { account: { getMe } });
    expect(await screen.findByRole("heading", { name: "Sign in" })).toBeTruthy();
    expect(router.state.location.search).toEqual({ next: "/leads?q=amazon" });
  });
});
