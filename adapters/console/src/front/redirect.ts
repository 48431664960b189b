// Leaving for the page a lead came from. The server checks the address against
// the workspace's list; this is the second lock, at the moment of use.

/** The address to leave for, or undefined when it is not one to send a person to. */
export function leaveTarget(address: string | undefined): URL | undefined {
  if (address === undefined || address === "") return undefined;
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return undefined;
  }
  if (url.username !== "" || url.password !== "") return undefined;
  if (url.protocol === "https:") return url;
  const loopback = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  return url.protocol === "http:" && loopback ? url : undefined;
}
