import { createConnectQueryKey, useMutation, useTransport } from "@connectrpc/connect-query";
import { create } from "@bufbuild/protobuf";
import { useQueryClient } from "@tanstack/react-query";
import { GetJourneyResponseSchema, JourneyService } from "../../gen/kohomai/v1/journey_service_pb";
import type { Journey } from "../../gen/kohomai/v1/journey_pb";

const method = JourneyService.method;

/** Puts the journey that an action answered on the page at once, and lets lists look again. */
export function useShowJourney(journeyId: string): (answer: { journey?: Journey | undefined }) => void {
  const queries = useQueryClient();
  const transport = useTransport();
  return ({ journey }) => {
    if (journey !== undefined) {
      queries.setQueryData(
        createConnectQueryKey({ schema: method.getJourney, input: { id: journeyId }, transport, cardinality: "finite" }),
        create(GetJourneyResponseSchema, { journey }),
      );
    }
    void queries.invalidateQueries();
  };
}

/** What a colleague may do about the activities of a journey. */
export function useActivityActs(journeyId: string) {
  const onSuccess = useShowJourney(journeyId);
  return {
    complete: useMutation(method.completeActivity, { onSuccess }),
    fail: useMutation(method.failActivity, { onSuccess }),
    retry: useMutation(method.retryActivity, { onSuccess }),
    skip: useMutation(method.skipActivity, { onSuccess }),
    assign: useMutation(method.assignActivity, { onSuccess }),
  };
}
