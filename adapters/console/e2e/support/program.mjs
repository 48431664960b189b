// The built program over a data directory of its own, and what its operator can do.
import { execFile, spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../../..");
export const binary = path.join(root, "bin/kohomai");

/** The environment without what would configure another server. */
function environment(dataDir) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("KOHOMAI_") && name !== "DATABASE_URL");
  return { ...Object.fromEntries(own), KOHOMAI_ADDR: "127.0.0.1:0", KOHOMAI_DATA_DIR: dataDir };
}

/** Starts a server with the demo workspace and resolves when it is ready. */
export async function start() {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "kohomai-e2e-"));
  // PostgreSQL runs as another user where we are root: it must reach its folder.
  await chmod(dataDir, 0o755);
  const child = spawn(binary, ["serve", "--migrate", "--demo"], {
    cwd: root,
    env: environment(dataDir),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  const ended = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
  const ready = new Promise((resolve) => {
    const read = (chunk) => {
      log += String(chunk);
      if (/"msg":"ready"/.test(log)) resolve(true);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(dataDir, { recursive: true, force: true });
  };
  if ((await Promise.race([ready, ended.then(() => false)])) !== true) {
    await rm(dataDir, { recursive: true, force: true });
    throw new Error(`the server did not start:\n${log}`);
  }
  const demo = JSON.parse(await readFile(path.join(dataDir, "demo.json"), "utf8"));
  return { dataDir, stop, signIn: demo.SignInURL, log: () => log };
}

/** A running server, as its operator and as an integrator see it. */
export class Program {
  constructor(dataDir, demo) {
    this.dataDir = dataDir;
    this.url = demo.URL;
    this.key = demo.ApiKey;
    this.workspace = demo.Workspace;
  }

  /** The server that the runner started. */
  static async running(dataDir = process.env.E2E_DATA_DIR) {
    if (dataDir === undefined) throw new Error("run these tests with: npm run e2e");
    return new Program(dataDir, JSON.parse(await readFile(path.join(dataDir, "demo.json"), "utf8")));
  }

  async command(...args) {
    const { stdout } = await promisify(execFile)(binary, args, { cwd: root, env: environment(this.dataDir) });
    return stdout;
  }

  /** A sign-in link for somebody of the back-office, made by the operator. */
  async invite(email, role = "Administrator", workspace = this.workspace) {
    const out = await this.command("users", "invite", "--workspace", workspace, "--email", email, "--role", role);
    return linkIn(out, this.url);
  }

  /** A workspace of its own, with nothing in it; the sign-in link of its administrator. */
  async newWorkspace(name, admin) {
    return linkIn(await this.command("workspace", "create", "--name", name, "--admin", admin), this.url);
  }

  async api(method, at, body) {
    const answer = await fetch(`${this.url}/api/v1${at}`, {
      method,
      headers: { authorization: `Bearer ${this.key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${at}: ${answer.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  /** Registers a lead; answers it with its journey and its link. */
  register(ref, lead) {
    return this.api("POST", `/leads?ref=${ref}`, lead);
  }

  journey(id) {
    return this.api("GET", `/journeys/${id}`);
  }

  /** Waits until a journey is as wanted; a limit ends what never comes. */
  async until(id, wanted, what) {
    const limit = Date.now() + 60_000;
    for (;;) {
      const journey = await this.journey(id);
      if (wanted(journey)) return journey;
      if (Date.now() > limit) throw new Error(`journey ${id} never came to: ${what}\n${JSON.stringify(journey, null, 1)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** The sign-in link in a command's output, at the running server's address. */
function linkIn(out, url) {
  const token = /\/p\/signin\?token=\S+/.exec(out)?.[0];
  if (token === undefined) throw new Error(`no sign-in link in:\n${out}`);
  return url + token;
}
