import type { JsonObject } from "@bufbuild/protobuf";
import type { Fault } from "../../api/fault";

/** What every kind of screen is given. */
export interface ScreenProps<S> {
  runId: string;
  screen: S;
  /** Hands in what the screen asks for. Resolves when it was taken, to the fault when it was not. */
  submit: (input: JsonObject) => Promise<Fault | undefined>;
  submitting: boolean;
}
