import { toJson, type JsonObject } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { act, fireEvent, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { ActivityState, type ReportProgressRequest, type SaveDraftRequest } from "../gen/kohomai/front/v1/front_pb";
import { renderFront } from "../testing/front";
import * as sample from "../testing/frontSample";
import { ThankYou } from "./ThankYou";

describe("the start page", () => {
  it("lands on the one next thing, progress, and the list", async () => {
    renderFront("/f/", { getHome: () => sample.home() });
    expect(await screen.findByRole("heading", { level: 1, name: "Hello Ada" })).toBeTruthy();
    expect(screen.getByRole("link", { name: "Start: About your company" }).getAttribute("href")).toBe("/f/activities/1");
    expect(screen.getByRole("progressbar", { name: "1 of 4 steps done" }).getAttribute("aria-valuenow")).toBe("25");
    expect(screen.getByText("Waiting for somebody else")).toBeTruthy();
  });

  it("asks for the link when nobody is signed in", async () => {
    renderFront("/f/", {
      getHome: () => {
        throw new ConnectError("no session", Code.Unauthenticated);
      },
    });
    expect(await screen.findByRole("heading", { name: "Open your link to come in" })).toBeTruthy();
  });

  it("thanks and names where it leads when all is done", async () => {
    renderFront("/f/", {
      getHome: () => sample.home({ nextRunId: undefined, redirectUrl: "https://shop.example/back" }),
    });
    expect(await screen.findByRole("heading", { name: "Thank you, that is all" })).toBeTruthy();
    expect(screen.getByRole("link", { name: "Go to shop.example now" }).getAttribute("href")).toBe("https://shop.example/back");
    await userEvent.click(screen.getByRole("button", { name: "Stay here" }));
    expect(screen.getByText("You are now leaving to shop.example.")).toBeTruthy();
  });

  it("never leads to an address that is none", async () => {
    renderFront("/f/", { getHome: () => sample.home({ nextRunId: undefined, redirectUrl: "javascript:alert(1)" }) });
    expect(await screen.findByRole("heading", { name: "Nothing to do for now" })).toBeTruthy();
    expect(screen.queryByRole("link", { name: /Go to/ })).toBeNull();
  });

  it("leaves by itself only after the notice", async () => {
    const left: string[] = [];
    const target = new URL("https://shop.example/back");
    const leave = (to: URL) => void left.push(to.href);
    render(<ThankYou target={target} ended leave={leave} seconds={0} />);
    await waitFor(() => expect(left).toEqual(["https://shop.example/back"]));
  });
});

describe("a form", () => {
  it("resumes with what was entered, saves each field, and sends all", async () => {
    const drafts: [string, unknown][] = [];
    let sent: JsonObject | undefined;
    renderFront("/f/activities/1", {
      getHome: () => sample.home(),
      getActivity: () => sample.formActivity(),
      saveDraft: ({ field, value }: SaveDraftRequest) => {
        drafts.push([field, value === undefined ? undefined : toJson(ValueSchema, value)]);
        return {};
      },
      submitActivity: ({ input }) => {
        sent = input;
        return { activity: { ...sample.form, state: ActivityState.COMPLETED }, nextRunId: "2" };
      },
    });
    const employees = await screen.findByLabelText<HTMLInputElement>(/Employees/);
    expect(employees.value).toBe("250");
    expect(screen.getByLabelText<HTMLSelectElement>(/Country/).value).toBe("FR");
    await userEvent.clear(employees);
    await userEvent.type(employees, "1 200");
    await userEvent.tab();
    await waitFor(() => expect(drafts).toContainEqual(["company.size", 1200]));
    expect(await screen.findAllByText("Saved")).not.toHaveLength(0);
    await userEvent.click(screen.getByRole("radio", { name: "team" }));
    await userEvent.click(screen.getByRole("radio", { name: "No" }));
    await userEvent.click(screen.getByRole("button", { name: "Send" }));
    expect(await screen.findByText("This step is done")).toBeTruthy();
    expect(sent).toEqual({ "company.size": 1200, "data.plan": "team", "company.country": "FR", "data.news": false });
    expect(screen.getByRole("link", { name: "Next step" }).getAttribute("href")).toBe("/f/activities/2");
  });

  it("names what is missing before sending, and what the server refused after", async () => {
    let tries = 0;
    renderFront("/f/activities/1", {
      getHome: () => sample.home(),
      getActivity: () => sample.formActivity(),
      saveDraft: () => ({}),
      submitActivity: () => {
        tries += 1;
        throw new ConnectError("employees must be at least 1", Code.InvalidArgument);
      },
    });
    await userEvent.click(await screen.findByRole("button", { name: "Send" }));
    expect(await screen.findByText("One answer needs another look")).toBeTruthy();
    expect(screen.getByRole("link", { name: "Plan" })).toBeTruthy();
    expect(tries).toBe(0);
    await userEvent.click(screen.getByRole("radio", { name: "free" }));
    await userEvent.click(screen.getByRole("button", { name: "Send" }));
    expect(await screen.findByText("employees must be at least 1")).toBeTruthy();
    expect(tries).toBe(1);
  });

  it("says when a field was not saved", async () => {
    renderFront("/f/activities/1", {
      getHome: () => sample.home(),
      getActivity: () => sample.formActivity(),
      saveDraft: () => {
        throw new ConnectError("away", Code.Unavailable);
      },
    });
    await userEvent.click(await screen.findByRole("radio", { name: "team" }));
    expect((await screen.findAllByText(/Not saved/, {})).length).toBeGreaterThan(0);
  });
});

describe("a film", () => {
  it("counts what was played, not what was skipped", async () => {
    const reports: ReportProgressRequest[] = [];
    renderFront("/f/activities/2", {
      getHome: () => sample.home(),
      getActivity: () => sample.videoActivity(),
      reportProgress: (request) => {
        reports.push(request);
        return { activity: sample.video, screen: sample.videoActivity().screen };
      },
    });
    expect(await screen.findByText("25% watched")).toBeTruthy();
    const player = screen.getByLabelText<HTMLVideoElement>("Meet the product");
    let position = 0;
    // The viewer's clock goes with the film, however busy the machine is.
    let clock = 60_000;
    vi.spyOn(performance, "now").mockImplementation(() => clock);
    Object.defineProperties(player, {
      currentTime: { get: () => position, set: () => undefined, configurable: true },
      duration: { value: 10, configurable: true },
      paused: { value: false, configurable: true },
      seeking: { value: false, configurable: true },
    });
    const reach = (at: number, what: "playing" | "timeupdate" | "seeking" | "pause") => {
      clock += Math.max(0, Math.min(at - position, 0.25)) * 1_000;
      position = at;
      act(() => void fireEvent(player, new Event(what, { bubbles: false })));
    };
    reach(0, "playing");
    reach(0.25, "timeupdate");
    reach(0.5, "timeupdate");
    reach(9, "seeking");
    reach(9, "timeupdate");
    reach(9.25, "pause");
    await waitFor(() => expect(reports).toHaveLength(1));
    expect(reports[0]?.progress).toEqual({
      Intervals: [
        [0, 0.5],
        [9, 9.3],
      ],
      Position: 9.3,
      Duration: 10,
    });
  });
});

describe("a slot", () => {
  it("asks for a time, then books the one chosen", async () => {
    let slot: unknown;
    const offered = sample.slotsActivity(Date.now());
    renderFront("/f/activities/3", {
      getHome: () => sample.home(),
      getActivity: () => offered,
      submitActivity: ({ input }) => {
        slot = input?.Slot;
        return { activity: { ...sample.call, state: ActivityState.COMPLETED } };
      },
    });
    await userEvent.click(await screen.findByRole("button", { name: "Book this time" }));
    expect(screen.getByText("Choose a time first.")).toBeTruthy();
    const times = screen.getByRole("group", { name: "Choose a time" }).querySelectorAll("input");
    await userEvent.click(times[1] as HTMLElement);
    await userEvent.click(screen.getByRole("button", { name: "Book this time" }));
    expect(await screen.findByText("This step is done")).toBeTruthy();
    expect(slot).toBe((times[1] as HTMLInputElement).value);
  });
});
