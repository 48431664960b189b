// A page of the customer's own, where a lead goes back to at the end.
import { once } from "node:events";
import { createServer } from "node:http";

export async function elsewhere() {
  const server = createServer((_, answer) => {
    answer.setHeader("content-type", "text/html; charset=utf-8");
    answer.end('<!doctype html><html lang="en"><title>Elsewhere</title><h1>Welcome back</h1></html>');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}/back`, close: () => server.close() };
}
