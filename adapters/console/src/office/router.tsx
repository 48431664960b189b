import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, redirect, type RouterHistory } from "@tanstack/react-router";
import { isSignedOut } from "../api/fault";
import type { RouterContext } from "./context";
import { readJourneysSearch, readLeadsSearch, readMailSearch, readSignInSearch } from "./search";
import { ensureMe } from "./session";
import { NotFound, NothingHere } from "./shell/NotFound";
import { PageFailed } from "./shell/PageFailed";
import { Shell } from "./shell/Shell";

const root = createRootRouteWithContext<RouterContext>()({ notFoundComponent: NothingHere });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/signin",
  validateSearch: readSignInSearch,
  component: lazyRouteComponent(() => import("./signin/SignInPage"), "SignInPage"),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: Shell,
  errorComponent: PageFailed,
  beforeLoad: async ({ context, location }) => {
    try {
      await ensureMe(context.queries, context.transport);
    } catch (error) {
      if (!isSignedOut(error)) throw error;
      const next = location.href === "/" ? undefined : location.href;
      throw redirect({ to: "/signin", search: next === undefined ? {} : { next }, replace: true });
    }
  },
});

const home = createRoute({
  getParentRoute: () => shell,
  path: "/",
  component: lazyRouteComponent(() => import("./home/HomePage"), "HomePage"),
});
const leads = createRoute({
  getParentRoute: () => shell,
  path: "/leads",
  validateSearch: readLeadsSearch,
  component: lazyRouteComponent(() => import("./leads/LeadsPage"), "LeadsPage"),
});
const lead = createRoute({
  getParentRoute: () => shell,
  path: "/leads/$id",
  component: lazyRouteComponent(() => import("./leads/LeadPage"), "LeadPage"),
});
const journeys = createRoute({
  getParentRoute: () => shell,
  path: "/journeys",
  validateSearch: readJourneysSearch,
  component: lazyRouteComponent(() => import("./journeys/JourneysPage"), "JourneysPage"),
});
const journey = createRoute({
  getParentRoute: () => shell,
  path: "/journeys/$id",
  component: lazyRouteComponent(() => import("./journey/JourneyPage"), "JourneyPage"),
});
const funnels = createRoute({
  getParentRoute: () => shell,
  path: "/funnels",
  component: lazyRouteComponent(() => import("./funnels/FunnelsPage"), "FunnelsPage"),
});
const funnel = createRoute({
  getParentRoute: () => shell,
  path: "/funnels/edit/$id",
  component: lazyRouteComponent(() => import("./funnels/FunnelPage"), "FunnelPage"),
});
const mail = createRoute({
  getParentRoute: () => shell,
  path: "/mail",
  validateSearch: readMailSearch,
  component: lazyRouteComponent(() => import("./mail/MailPage"), "MailPage"),
});
const users = createRoute({
  getParentRoute: () => shell,
  path: "/settings/users",
  component: lazyRouteComponent(() => import("./settings/UsersPage"), "UsersPage"),
});
const api = createRoute({
  getParentRoute: () => shell,
  path: "/settings/api",
  component: lazyRouteComponent(() => import("./settings/ApiPage"), "ApiPage"),
});
const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  beforeLoad: () => {
    throw redirect({ to: "/settings/users", replace: true });
  },
});

const tree = root.addChildren([
  signIn,
  shell.addChildren([
    home,
    leads,
    lead,
    journeys,
    journey,
    funnels,
    funnel,
    mail,
    settings,
    users,
    api,
  ]),
]);

export function createOfficeRouter(context: RouterContext, history?: RouterHistory) {
  return createRouter({
    ...(history === undefined ? {} : { history }),
    routeTree: tree,
    basepath: "/p",
    context,
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    defaultNotFoundComponent: NotFound,
    defaultErrorComponent: PageFailed,
    trailingSlash: "preserve",
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createOfficeRouter>;
  }
}
