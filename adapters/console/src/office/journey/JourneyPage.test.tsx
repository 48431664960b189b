import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { ActivitySchema, ActivityStatus, JourneySchema } from "../../gen/kohomai/v1/journey_pb";
import type { FailActivityRequest } from "../../gen/kohomai/v1/journey_service_pb";
import { renderOffice } from "../../testing/office";
import * as sample from "../../testing/sample";

describe("the journey page", () => {
  it("says where the journey stands, what is known and why it went this way", async () => {
    renderOffice("/journeys/31");
    expect(await screen.findByRole("heading", { level: 1, name: "Ada Lovelace" })).toBeTruthy();
    expect(screen.getAllByText("In progress").length).toBeGreaterThan(0);
    expect(screen.getAllByText("Waiting on the team").length).toBeGreaterThan(0);
    // The decision: its branch, condition, result and what it read from where.
    expect(screen.getByText("took “Enterprise”")).toBeTruthy();
    expect(screen.getByText("company.size >= 200 && !email.freemail")).toBeTruthy();
    const why = screen.getByRole("list", { name: "Why" });
    expect(within(why).getByText("1,608,000")).toBeTruthy();
    expect(within(why).getByText("true")).toBeTruthy();
    expect(within(why).getAllByText("from bundled company data", { exact: false }).length).toBeGreaterThan(0);
    // Facts with source and confidence; what could not be found out says so.
    expect(screen.getByText("United States")).toBeTruthy();
    expect(screen.getByText("could not be found out")).toBeTruthy();
    expect(screen.getAllByText(/80% sure/).length).toBeGreaterThan(0);
    // Why an activity waits, and the timeline.
    expect(screen.getByText("An account manager approves")).toBeTruthy();
    expect(await screen.findByText("Decision taken")).toBeTruthy();
  });

  it("approves with one press and shows the journey that came back", async () => {
    const completeActivity = vi.fn(({ id, key }: { id: string; key: string }) => {
      expect({ id, key }).toEqual({ id: "31", key: "62" });
      const journey = sample.journey(Date.now());
      const done = create(JourneySchema, {
        ...journey,
        stages: journey.stages.map((stage) => ({
          ...stage,
          activities: stage.activities.map((a) =>
            a.key === "check" ? create(ActivitySchema, { ...a, status: ActivityStatus.COMPLETED, reason: "Approved by Grace" }) : a,
          ),
        })),
      });
      return { journey: done };
    });
    renderOffice("/journeys/31", { journey: { completeActivity } });
    await userEvent.click(await screen.findByRole("button", { name: "Approve: Credit check" }));
    const dialog = await screen.findByRole("dialog", { name: "Approve “Credit check”?" });
    expect(completeActivity).not.toHaveBeenCalled();
    await userEvent.click(within(dialog).getByRole("button", { name: "Approve" }));
    expect(await screen.findByText("“Credit check” is approved.")).toBeTruthy();
    expect(completeActivity).toHaveBeenCalledTimes(1);
  });

  it("refuses only with a reason", async () => {
    const asked: FailActivityRequest[] = [];
    const failActivity = (request: FailActivityRequest) => {
      asked.push(request);
      return { journey: sample.journey(Date.now()) };
    };
    renderOffice("/journeys/31", { journey: { failActivity } });
    await userEvent.click(await screen.findByRole("button", { name: "Refuse: Credit check" }));
    const dialog = await screen.findByRole("dialog");
    await userEvent.click(within(dialog).getByRole("button", { name: "Refuse" }));
    expect(await within(dialog).findByText("Say why, in a few words.")).toBeTruthy();
    expect(asked).toHaveLength(0);
    await userEvent.type(within(dialog).getByLabelText(/Reason/), "Too small");
    await userEvent.click(within(dialog).getByRole("button", { name: "Refuse" }));
    await waitFor(() => expect(asked).toHaveLength(1));
    expect([asked[0]?.id, asked[0]?.key, asked[0]?.reason]).toEqual(["31", "62", "Too small"]);
  });

  it("tells why an action was not possible and keeps the page", async () => {
    const retryActivity = () => {
      throw new ConnectError("the activity is not failed", Code.Aborted);
    };
    renderOffice("/journeys/31", { journey: { retryActivity } });
    await userEvent.click(await screen.findByRole("button", { name: "Try again: Welcome mail" }));
    expect(await screen.findByText("the activity is not failed")).toBeTruthy();
  });

  it("offers no acts on a journey that ended", async () => {
    renderOffice("/journeys/33");
    await screen.findByRole("heading", { level: 1 });
    expect(screen.queryByRole("button", { name: /Approve/ })).toBeNull();
    expect(screen.queryByRole("button", { name: "Link for the lead" })).toBeNull();
  });

  it("says so when there is no such journey", async () => {
    renderOffice("/journeys/99");
    expect(await screen.findByRole("alert")).toBeTruthy();
    expect(screen.getByText(/no such journey/)).toBeTruthy();
  });
});
