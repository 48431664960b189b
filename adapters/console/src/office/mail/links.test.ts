import { expect, it } from "vitest";
import { piecesOf } from "./links";

it("tells addresses from what is around them", () => {
  expect(piecesOf("Go to https://example.com/a?b=c. Thanks (http://127.0.0.1:8080/x)!")).toEqual([
    { text: "Go to ", link: false },
    { text: "https://example.com/a?b=c", link: true },
    { text: ". Thanks (", link: false },
    { text: "http://127.0.0.1:8080/x", link: true },
    { text: ")!", link: false },
  ]);
  expect(piecesOf("javascript:alert(1)")).toEqual([{ text: "javascript:alert(1)", link: false }]);
  expect(piecesOf("")).toEqual([]);
});
