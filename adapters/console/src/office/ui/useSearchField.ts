import { useDebouncedCallback } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";

/**
 * A search field whose text lives in the address: typing changes it a little
 * later; going back, or clearing the filters, changes the field.
 */
export function useSearchField(inAddress: string, apply: (text: string) => void): [string, (text: string) => void] {
  const [text, setText] = useState(inAddress);
  const applied = useRef(inAddress);
  const later = useDebouncedCallback((value: string) => {
    applied.current = value;
    apply(value);
  }, 250);
  useEffect(() => {
    if (inAddress !== applied.current) {
      applied.current = inAddress;
      setText(inAddress);
    }
  }, [inAddress]);
  return [
    text,
    (value) => {
      setText(value);
      later(value.trim());
    },
  ];
}
