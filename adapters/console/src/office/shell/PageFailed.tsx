import { useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { Failed } from "../ui/States";

/** A page that could not be shown at all. */
export function PageFailed({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  return (
    <Failed
      error={error}
      retry={() => {
        reset();
        void router.invalidate();
      }}
    />
  );
}
