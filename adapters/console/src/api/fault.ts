// What a failed call says: the project's error vocabulary as it arrives over
// Connect (code in google.rpc.ErrorInfo, wrong fields in google.rpc.BadRequest).
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";

export interface FieldFault {
  /** JSON path of the field, such as JourneyData[2].Value. */
  field: string;
  message: string;
}

export interface Fault {
  kind: Code;
  /** The problem's own code, such as redirect_not_allowed; empty when the server gave none. */
  code: string;
  message: string;
  fields: FieldFault[];
  /** For whoever reads the log; empty when the server was not reached. */
  requestId: string;
}

/** Reads the length-delimited fields of a small message, by number. */
function texts(bytes: Uint8Array, wanted: Record<number, (value: Uint8Array) => void>): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    const take = wanted[number];
    if (take !== undefined && type === WireType.LengthDelimited) take(reader.bytes());
    else reader.skip(type, number);
  }
}

const decoder = new TextDecoder();

function readDetail(type: string, value: Uint8Array, into: Fault): void {
  if (type === "google.rpc.ErrorInfo") {
    texts(value, { 1: (reason) => (into.code = decoder.decode(reason)) });
  }
  if (type === "google.rpc.BadRequest") {
    texts(value, {
      1: (violation) => {
        const found: FieldFault = { field: "", message: "" };
        texts(violation, {
          1: (field) => (found.field = decoder.decode(field)),
          2: (message) => (found.message = decoder.decode(message)),
        });
        into.fields.push(found);
      },
    });
  }
}

/** Reads any thrown thing as a fault; never throws itself. */
export function faultOf(error: unknown): Fault {
  const connect = ConnectError.from(error);
  const fault: Fault = {
    kind: connect.code,
    code: "",
    message: connect.rawMessage,
    fields: [],
    requestId: connect.metadata.get("request-id") ?? "",
  };
  for (const detail of connect.details) {
    if (!("value" in detail) || !(detail.value instanceof Uint8Array) || !("type" in detail)) continue;
    try {
      readDetail(detail.type, detail.value, fault);
    } catch {
      // A detail in a form we do not know says nothing; the message stands.
    }
  }
  return fault;
}

/** Nobody is signed in, or no longer. */
export function isSignedOut(error: unknown): boolean {
  return ConnectError.from(error).code === Code.Unauthenticated;
}

/** The server was not reached: worth trying again by itself. */
export function isOffline(error: unknown): boolean {
  const connect = ConnectError.from(error);
  return connect.code === Code.Unavailable || (connect.code === Code.Unknown && connect.cause instanceof TypeError);
}
