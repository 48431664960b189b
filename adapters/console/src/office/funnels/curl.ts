// The calls to copy. One place, so that the funnel page and the API page agree.

/** Registers a lead through an origin. */
export function registerCurl(base: string, ref: string): string {
  return [
    `curl -X POST '${base}/api/v1/leads?ref=${encodeURIComponent(ref)}' \\`,
    `  -H "Authorization: Bearer $KOHOMAI_KEY" \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d '{"Email":"purchasing@amazon.com","Firstname":"Ada"}'`,
  ].join("\n");
}

/** The same, safe to repeat. */
export function registerOnceCurl(base: string, ref: string): string {
  return registerCurl(base, ref).replace(
    `  -H 'Content-Type`,
    `  -H 'Idempotency-Key: 7c9e6679-7425-40de-944b-e07fc1f90ae7' \\\n  -H 'Content-Type`,
  );
}

/** Reads a journey. */
export function journeyCurl(base: string, id: string): string {
  return [`curl '${base}/api/v1/journeys/${id}' \\`, `  -H "Authorization: Bearer $KOHOMAI_KEY"`].join("\n");
}
