import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { faultOf, isOffline, isSignedOut } from "./fault";

function message(...fields: [number, string | Uint8Array][]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [number, value] of fields) {
    writer.tag(number, WireType.LengthDelimited);
    if (typeof value === "string") writer.string(value);
    else writer.bytes(value);
  }
  return writer.finish();
}

function refused(...details: { type: string; value: Uint8Array }[]): ConnectError {
  const error = new ConnectError("no such reference", Code.InvalidArgument, { "request-id": "req_7" });
  error.details = details;
  return error;
}

describe("faultOf", () => {
  it("reads code, fields and request id", () => {
    const fault = faultOf(
      refused(
        { type: "google.rpc.ErrorInfo", value: message([1, "unknown_ref"], [2, "kohomai"]) },
        {
          type: "google.rpc.BadRequest",
          value: message([1, message([1, "Email"], [2, "not an e-mail"])], [1, message([1, "ref"], [2, "unknown"])]),
        },
      ),
    );
    expect(fault).toEqual({
      kind: Code.InvalidArgument,
      code: "unknown_ref",
      message: "no such reference",
      requestId: "req_7",
      fields: [
        { field: "Email", message: "not an e-mail" },
        { field: "ref", message: "unknown" },
      ],
    });
  });

  it("keeps the message when a detail is broken", () => {
    const fault = faultOf(refused({ type: "google.rpc.BadRequest", value: new Uint8Array([0x0a, 0xff]) }));
    expect(fault.message).toBe("no such reference");
    expect(fault.fields).toEqual([]);
  });

  it("reads what is no answer at all", () => {
    expect(faultOf(new Error("boom")).message).toBe("boom");
    expect(faultOf("boom").code).toBe("");
  });
});

describe("kinds", () => {
  it("tells signed out and offline apart", () => {
    expect(isSignedOut(new ConnectError("", Code.Unauthenticated))).toBe(true);
    expect(isSignedOut(new ConnectError("", Code.PermissionDenied))).toBe(false);
    expect(isOffline(new ConnectError("", Code.Unavailable))).toBe(true);
    expect(isOffline(new TypeError("Failed to fetch"))).toBe(true);
    expect(isOffline(new ConnectError("", Code.Internal))).toBe(false);
  });
});
